"""dateTime texts of messages to and from seconds since 1970 (UTC).  No clock is read here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_S = 253402300799.0  # 9999-12-31T23:59:59Z, the last second that four digits of a year can say


def to_text(utc_seconds: float) -> str:
    """`2025-04-14T09:30:00.000Z`: rounded down to ms, clamped to the years 1970 to 9999; NaN gives 1970."""
    whole, millis = divmod(int(min(max(0.0, utc_seconds), _LAST_S) * 1000.0), 1000)
    return f"{(_EPOCH + timedelta(seconds=whole)).strftime('%Y-%m-%dT%H:%M:%S')}.{millis:03d}Z"


def to_seconds(moment: datetime) -> float:
    """Seconds since 1970 (UTC); a datetime without a zone is UTC."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH).total_seconds()
