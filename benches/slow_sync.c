/* A disk whose syncs take SLOW_SYNC_US microseconds longer: cc -shared -fPIC -o slow_sync.so slow_sync.c -ldl, then LD_PRELOAD. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static void wait(void) {
    const char *us = getenv("SLOW_SYNC_US");
    if (us) usleep(atoi(us));
}

int fsync(int fd) {
    wait();
    return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(fd);
}

int fdatasync(int fd) {
    wait();
    return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(fd);
}
