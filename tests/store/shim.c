/* Stands between a program and libc for the files of one folder: writes down each call that changes a disk,
   and makes the n-th call fail.  Environment: SHIM_DIR (absolute folder), SHIM_LOG (file; absent: nothing is written down).
   For tests only.  Single-threaded callers. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define FDS 1024

struct entry { char op; char failed; int16_t unused; int32_t fd; int64_t at; uint32_t size; } __attribute__((packed));

static char tracked[FDS];
static const char *dir;
static size_t dir_size;
static int log_fd = -1;
static long calls, fail_at = -1;
static int fail_errno, fail_always, fail_kind;

__attribute__((constructor)) static void begin(void) {
    dir = getenv("SHIM_DIR");
    dir_size = dir ? strlen(dir) : 0;
    if (getenv("SHIM_LOG")) {
        int fd = syscall(SYS_openat, AT_FDCWD, getenv("SHIM_LOG"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        log_fd = syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, FDS - 10);
        syscall(SYS_close, fd);
    }
}

/* For the program under test, through ctypes: the `index`-th call from now fails (negative: none);
   `kind` 'f': only calls that sync are counted, 0: all. */
void shim_arm(long index, int number, int always, int kind) {
    calls = 0;
    fail_kind = kind;
    fail_at = index;
    fail_errno = number;
    fail_always = always;
}

long shim_calls(void) { return calls; }

static int ours(const char *path) { return dir_size && path && strncmp(path, dir, dir_size) == 0; }

static int is_ours(int fd) { return fd >= 0 && fd < FDS && tracked[fd]; }

static int fails(char kind) {
    if (fail_kind && kind != fail_kind) return 0;
    if (kind == 'r' && fail_errno != EIO) return 0; /* a full or read-only disk can be read */
    long index = calls++;
    if (fail_at < 0 || index < fail_at || (index > fail_at && !fail_always)) return 0;
    errno = fail_errno;
    return 1;
}

static void note(char op, int failed, int fd, int64_t at, const void *data, size_t size) {
    if (log_fd < 0) return;
    int kept = errno;
    char *buffer = malloc(sizeof(struct entry) + size);
    struct entry head = {op, (char)(failed != 0), 0, fd, at, (uint32_t)size};
    memcpy(buffer, &head, sizeof head);
    memcpy(buffer + sizeof head, data, size);
    if (syscall(SYS_write, log_fd, buffer, sizeof head + size) < 0) abort();
    free(buffer);
    errno = kept;
}

static int opened(int dirfd, const char *path, int flags, mode_t mode) {
    if (!ours(path)) return syscall(SYS_openat, dirfd, path, flags, mode);
    if (fails(flags & (O_WRONLY | O_RDWR) ? 'w' : 'r')) return -1;
    int is_new = (flags & O_CREAT) && syscall(SYS_faccessat, AT_FDCWD, path, F_OK) != 0;
    int fd = syscall(SYS_openat, dirfd, path, flags, mode);
    if (fd >= 0 && fd < FDS) {
        tracked[fd] = 1;
        note('o', 0, fd, is_new, path, strlen(path));
        if (flags & O_TRUNC) note('t', 0, fd, 0, "", 0);
    }
    return fd;
}

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest); \
        return opened(AT_FDCWD, path, flags, mode); \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name) \
    int name(int at, const char *path, int flags, ...) { \
        va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest); \
        return opened(at, path, flags, mode); \
    }
OPENAT(openat)
OPENAT(openat64)

int close(int fd) {
    if (is_ours(fd)) {
        tracked[fd] = 0;
        note('c', 0, fd, 0, "", 0);
    }
    return syscall(SYS_close, fd);
}

static ssize_t wrote(int fd, const void *data, size_t size, off_t at) {
    if (fails('w')) {
        int number = errno;
        size_t part = number == ENOSPC && size >= 1024 ? size / 2 : 0; /* a disk that fills takes a part */
        if (part && syscall(SYS_pwrite64, fd, data, part, at) > 0) note('w', 0, fd, at, data, part);
        errno = number;
        return -1;
    }
    ssize_t done = syscall(SYS_pwrite64, fd, data, size, at);
    if (done > 0) note('w', 0, fd, at, data, done);
    return done;
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    return is_ours(fd) ? wrote(fd, data, size, at) : syscall(SYS_pwrite64, fd, data, size, at);
}
ssize_t pwrite64(int fd, const void *data, size_t size, off_t at) { return pwrite(fd, data, size, at); }

ssize_t write(int fd, const void *data, size_t size) {
    if (!is_ours(fd)) return syscall(SYS_write, fd, data, size);
    off_t at = syscall(SYS_lseek, fd, 0, SEEK_CUR);
    ssize_t done = wrote(fd, data, size, at);
    if (done > 0) syscall(SYS_lseek, fd, at + done, SEEK_SET);
    return done;
}

ssize_t pread(int fd, void *data, size_t size, off_t at) {
    if (is_ours(fd) && fails('r')) return -1;
    return syscall(SYS_pread64, fd, data, size, at);
}
ssize_t pread64(int fd, void *data, size_t size, off_t at) { return pread(fd, data, size, at); }

ssize_t read(int fd, void *data, size_t size) {
    if (is_ours(fd) && fails('r')) return -1;
    return syscall(SYS_read, fd, data, size);
}

int ftruncate(int fd, off_t size) {
    if (is_ours(fd) && fails('w')) return -1;
    int result = syscall(SYS_ftruncate, fd, size);
    if (is_ours(fd) && !result) note('t', 0, fd, size, "", 0);
    return result;
}
int ftruncate64(int fd, off_t size) { return ftruncate(fd, size); }

int posix_fallocate(int fd, off_t at, off_t size) {
    if (is_ours(fd) && fails('w')) return errno;
    int result = syscall(SYS_fallocate, fd, 0, at, size) ? errno : 0;
    struct stat now;
    if (is_ours(fd) && !result && !fstat(fd, &now)) note('t', 0, fd, now.st_size, "", 0);
    return result;
}
int posix_fallocate64(int fd, off_t at, off_t size) { return posix_fallocate(fd, at, size); }

static int synced(int fd, long number) {
    if (is_ours(fd) && fails('f')) {
        note('f', 1, fd, 0, "", 0);
        return -1;
    }
    int result = syscall(number, fd);
    if (is_ours(fd)) note('f', result, fd, 0, "", 0);
    return result;
}
int fsync(int fd) { return synced(fd, SYS_fsync); }
int fdatasync(int fd) { return synced(fd, SYS_fdatasync); }

int unlink(const char *path) {
    if (ours(path) && fails('w')) return -1;
    int result = syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    if (ours(path) && !result) note('u', 0, -1, 0, path, strlen(path));
    return result;
}

int rename(const char *from, const char *to) {
    if (ours(from) && fails('w')) return -1;
    int result = syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
    if (ours(from) && !result) {
        char both[8192];
        int size = snprintf(both, sizeof both, "%s\n%s", from, to);
        note('r', 0, -1, 0, both, size);
    }
    return result;
}

int mkdir(const char *path, mode_t mode) {
    if (ours(path) && fails('w')) return -1;
    return syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}
