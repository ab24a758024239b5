// A disk that misbehaves: loaded into the program under test before libc (LD_PRELOAD), it makes some of the writes and syncs
// of files in one folder fail, fall short or take long, and can make the disk full. tests/support/faulty_disk.rs drives it
// through a file that both map.
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

// How often, of a million times, and how much; then how often it happened. The order is that of `Fault` in faulty_disk.rs.
enum { WRITE_ERROR, TORN_WRITE, SHORT_WRITE, NO_SPACE, SYNC_ERROR, SLOW_SYNC, ROOM, FAULTS };
struct control {
    uint64_t set[FAULTS];
    uint64_t seen[FAULTS];
    uint64_t random;
};

static volatile struct control *control;
static const char *folder;
static size_t folder_length;

// What libc has under the name.
#define REAL(name) \
    static __typeof__(name) *real_##name; \
    if (!real_##name) real_##name = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void) {
    const char *file = getenv("FAULTY_DISK");
    folder = getenv("FAULTY_DISK_FOLDER");
    if (!file || !folder) return;
    folder_length = strlen(folder);
    int fd = open(file, O_RDWR | O_CLOEXEC);
    if (fd < 0) abort();
    void *mapped = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED) abort();
    close(fd);
    control = mapped;
}

static int is_watched(int fd) {
    if (!control) return 0;
    char link[32], path[512];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    return length > (ssize_t)folder_length && !memcmp(path, folder, folder_length) && path[folder_length] == '/';
}

static void seen(int fault) { __atomic_fetch_add(&control->seen[fault], 1, __ATOMIC_RELAXED); }

// SplitMix64.
static int chance(int fault) {
    if (!control->set[fault]) return 0;
    uint64_t x = __atomic_add_fetch(&control->random, 0x9e3779b97f4a7c15, __ATOMIC_RELAXED);
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    if ((x ^ (x >> 31)) % 1000000 >= control->set[fault]) return 0;
    seen(fault);
    return 1;
}

// What the files of the folder itself take.
static uint64_t used(void) {
    uint64_t sum = 0;
    DIR *listing = opendir(folder);
    if (!listing) return 0;
    for (struct dirent *entry; (entry = readdir(listing));) {
        struct stat file;
        if (!fstatat(dirfd(listing), entry->d_name, &file, 0) && S_ISREG(file.st_mode)) sum += (uint64_t)file.st_size;
    }
    closedir(listing);
    return sum;
}

// Whether the file cannot grow to `end` bytes.
static int is_full(int fd, off64_t end) {
    struct stat file;
    uint64_t room = control->set[ROOM];
    if (!room || fstat(fd, &file) || end <= file.st_size || used() + (uint64_t)(end - file.st_size) <= room) return 0;
    seen(ROOM);
    return 1;
}

// -1 and errno set: fails. Else how many bytes to write; `*torn` says that it fails after that.
static ssize_t before_write(int fd, size_t count, off64_t offset, int *torn) {
    *torn = 0;
    if (chance(WRITE_ERROR)) return errno = EIO, -1;
    if (chance(NO_SPACE)) return errno = ENOSPC, -1;
    if (offset < 0) offset = lseek64(fd, 0, SEEK_CUR);
    if (offset >= 0 && is_full(fd, offset + (off64_t)count)) return errno = ENOSPC, -1;
    if (count > 1 && (*torn = chance(TORN_WRITE))) return count / 2;
    if (count > 1 && chance(SHORT_WRITE)) return count / 2;
    return count;
}

static ssize_t after_write(ssize_t written, int torn) {
    if (torn && written >= 0) return errno = EIO, -1;
    return written;
}

ssize_t write(int fd, const void *bytes, size_t count) {
    REAL(write);
    if (!is_watched(fd)) return real_write(fd, bytes, count);
    int torn;
    ssize_t take = before_write(fd, count, -1, &torn);
    return take < 0 ? take : after_write(real_write(fd, bytes, take), torn);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) {
    REAL(pwrite64);
    if (!is_watched(fd)) return real_pwrite64(fd, bytes, count, offset);
    int torn;
    ssize_t take = before_write(fd, count, offset, &torn);
    return take < 0 ? take : after_write(real_pwrite64(fd, bytes, take, offset), torn);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) { return pwrite64(fd, bytes, count, offset); }

static int before_sync(int fd) {
    if (!is_watched(fd)) return 0;
    if (control->set[SLOW_SYNC]) {
        seen(SLOW_SYNC);
        struct timespec pause = {control->set[SLOW_SYNC] / 1000000, control->set[SLOW_SYNC] % 1000000 * 1000};
        nanosleep(&pause, NULL);
    }
    return chance(SYNC_ERROR) ? (errno = EIO, -1) : 0;
}

int fsync(int fd) {
    REAL(fsync);
    return before_sync(fd) ? -1 : real_fsync(fd);
}

int fdatasync(int fd) {
    REAL(fdatasync);
    return before_sync(fd) ? -1 : real_fdatasync(fd);
}

int ftruncate64(int fd, off64_t length) {
    REAL(ftruncate64);
    if (is_watched(fd) && (chance(WRITE_ERROR) || is_full(fd, length))) return errno = is_full(fd, length) ? ENOSPC : EIO, -1;
    return real_ftruncate64(fd, length);
}

int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

int fallocate64(int fd, int mode, off64_t offset, off64_t length) {
    REAL(fallocate64);
    if (is_watched(fd) && (chance(NO_SPACE) || is_full(fd, offset + length))) return errno = ENOSPC, -1;
    return real_fallocate64(fd, mode, offset, length);
}

int fallocate(int fd, int mode, off_t offset, off_t length) { return fallocate64(fd, mode, offset, length); }

int posix_fallocate64(int fd, off64_t offset, off64_t length) { return fallocate64(fd, 0, offset, length) ? errno : 0; }

int posix_fallocate(int fd, off_t offset, off_t length) { return posix_fallocate64(fd, offset, length); }

int statvfs64(const char *path, struct statvfs64 *about) {
    REAL(statvfs64);
    int failed = real_statvfs64(path, about);
    if (!failed && control && control->set[ROOM] && !strncmp(path, folder, folder_length)) {
        uint64_t taken = used();
        about->f_bavail = about->f_bfree = taken < control->set[ROOM] ? (control->set[ROOM] - taken) / about->f_frsize : 0;
    }
    return failed;
}

int statvfs(const char *path, struct statvfs *about) { return statvfs64(path, (struct statvfs64 *)about); }
