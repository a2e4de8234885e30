# bash completion of evsectl.  Written by `make docs` from its parser; do not edit.
_evsectl_words() {
    case "$1" in
        "") echo "-h --help --config --socket --json --version status why watch trace queue transactions doctor certs config log security-log stop-transaction reset reconnect selftest connect-test certify store pilot meter rfid relay lock lamp sim" ;;
        "queue") echo "list show park retry" ;;
        "config") echo "get set reference" ;;
        "store") echo "recover" ;;
        "pilot") echo "show monitor set calibrate" ;;
        "meter") echo "read scan" ;;
        "rfid") echo "read" ;;
        "relay") echo "test" ;;
        "lock") echo "test" ;;
        "lamp") echo "test" ;;
        "sim") echo "plug unplug tap ev fault soc temperature power-cut backup-power hard-reset" ;;
        "sim ev") echo "pause charge rude-draw ignore-stop flap" ;;
        "status") echo "-h --help --config --socket --json" ;;
        "why") echo "-h --help --config --socket --json" ;;
        "watch") echo "-h --help --config --socket --json" ;;
        "trace") echo "-h --help --config --socket --json" ;;
        "queue list") echo "-h --help --config --socket --json" ;;
        "queue show") echo "-h --help --config --socket --json" ;;
        "queue park") echo "-h --help --config --socket --json" ;;
        "queue retry") echo "-h --help --config --socket --json" ;;
        "transactions") echo "-h --help --config --socket --json" ;;
        "doctor") echo "-h --help --config --socket --json --board" ;;
        "certs") echo "-h --help --config --socket --json" ;;
        "config get") echo "-h --help --config --socket --json" ;;
        "config set") echo "-h --help --config --socket --json --trial" ;;
        "config reference") echo "-h --help --config --socket --json" ;;
        "log") echo "-h --help --config --socket --json --last" ;;
        "security-log") echo "-h --help --config --socket --json --last --verify" ;;
        "stop-transaction") echo "-h --help --config --socket --json --connector" ;;
        "reset") echo "-h --help --config --socket --json --hard" ;;
        "reconnect") echo "-h --help --config --socket --json" ;;
        "selftest") echo "-h --help --config --socket --json --clear-latched" ;;
        "connect-test") echo "-h --help --config --socket --json --boot" ;;
        "certify") echo "-h --help --config --socket --json --against --product --out" ;;
        "store recover") echo "-h --help --config --socket --json --into" ;;
        "pilot show") echo "-h --help --config --socket --json --board" ;;
        "pilot monitor") echo "-h --help --config --socket --json --times --board" ;;
        "pilot set") echo "-h --help --config --socket --json --board" ;;
        "pilot calibrate") echo "-h --help --config --socket --json --board" ;;
        "meter read") echo "-h --help --config --socket --json --board" ;;
        "meter scan") echo "-h --help --config --socket --json --bus --board" ;;
        "rfid read") echo "-h --help --config --socket --json --timeout --board" ;;
        "relay test") echo "-h --help --config --socket --json --board" ;;
        "lock test") echo "-h --help --config --socket --json --board" ;;
        "lamp test") echo "-h --help --config --socket --json --board" ;;
        "sim plug") echo "-h --help --config --socket --json --connector" ;;
        "sim unplug") echo "-h --help --config --socket --json --connector" ;;
        "sim tap") echo "-h --help --config --socket --json --connector" ;;
        "sim ev pause") echo "-h --help --config --socket --json --connector" ;;
        "sim ev charge") echo "-h --help --config --socket --json --connector" ;;
        "sim ev rude-draw") echo "on off -h --help --config --socket --json --connector" ;;
        "sim ev ignore-stop") echo "on off -h --help --config --socket --json --connector" ;;
        "sim ev flap") echo "on off -h --help --config --socket --json --connector" ;;
        "sim fault") echo "rcd weld contactor pilot-short diode ventilation lock-open lock-closed overcurrent ev-ignores-stop meter-frozen meter-lost meter-backwards reader-lost overtemperature undervoltage store-full install on off -h --help --config --socket --json --connector" ;;
        "sim soc") echo "-h --help --config --socket --json" ;;
        "sim temperature") echo "-h --help --config --socket --json" ;;
        "sim power-cut") echo "-h --help --config --socket --json" ;;
        "sim backup-power") echo "-h --help --config --socket --json" ;;
        "sim hard-reset") echo "-h --help --config --socket --json" ;;
    esac
}

_evsectl() {
    local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}" path="" word skip=""
    case "$previous" in
        --config|--socket|--out|--into|--board)
            COMPREPLY=($(compgen -f -- "$current"))
            return ;;
    esac
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        if [ -n "$skip" ]; then
            skip=""
        elif [ "$word" = --config ] || [ "$word" = --socket ]; then
            skip=1
        elif [ -n "$(_evsectl_words "${path:+$path }$word")" ]; then
            path="${path:+$path }$word"
        fi
    done
    COMPREPLY=($(compgen -W "$(_evsectl_words "$path")" -- "$current"))
}
complete -o default -F _evsectl evsectl
