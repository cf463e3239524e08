// Loaded into a worker before its other libraries: sets its wall clock wrong and makes its disk slow, as a page of two
// numbers says that the harness writes. Monotonic clocks, sockets, pipes and the log go on as they are.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct page {
  volatile int64_t clock_ns;  // added to the wall clock
  volatile int64_t disk_us;   // slept before each read, write and sync of a file
};

static struct page zero;
static struct page *page = &zero;

__attribute__((constructor)) static void open_page(void) {
  const char *path = getenv("CHAOS_PAGE");
  int fd = path ? open(path, O_RDONLY) : -1;
  if (fd < 0) return;
  void *mapped = mmap(NULL, sizeof(struct page), PROT_READ, MAP_SHARED, fd, 0);
  close(fd);
  if (mapped != MAP_FAILED) page = mapped;
}

int clock_gettime(clockid_t id, struct timespec *now) {
  int failed = (int)syscall(SYS_clock_gettime, id, now);
  int64_t ahead = page->clock_ns;
  if (failed || !ahead || (id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE)) return failed;
  int64_t ns = now->tv_sec * INT64_C(1000000000) + now->tv_nsec + ahead;
  now->tv_sec = ns / INT64_C(1000000000);
  now->tv_nsec = ns % INT64_C(1000000000);
  return 0;
}

int gettimeofday(struct timeval *now, void *zone) {
  struct timespec at;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &at);
  now->tv_sec = at.tv_sec;
  now->tv_usec = at.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *kept) {
  struct timespec at;
  clock_gettime(CLOCK_REALTIME, &at);
  if (kept) *kept = at.tv_sec;
  return at.tv_sec;
}

static void dawdle(int fd) {
  struct stat found;
  int64_t us = page->disk_us;
  if (us && fd > STDERR_FILENO && !fstat(fd, &found) && S_ISREG(found.st_mode)) usleep((useconds_t)us);
}

#define SLOW(result, name, parameters, arguments)              \
  result name parameters {                                     \
    static result(*real) parameters;                           \
    if (!real) real = (result(*) parameters)dlsym(RTLD_NEXT, #name); \
    dawdle(fd);                                                \
    return real arguments;                                     \
  }

SLOW(ssize_t, write, (int fd, const void *data, size_t size), (fd, data, size))
SLOW(ssize_t, pwrite, (int fd, const void *data, size_t size, off_t at), (fd, data, size, at))
SLOW(ssize_t, pwrite64, (int fd, const void *data, size_t size, off64_t at), (fd, data, size, at))
SLOW(ssize_t, pread, (int fd, void *data, size_t size, off_t at), (fd, data, size, at))
SLOW(ssize_t, pread64, (int fd, void *data, size_t size, off64_t at), (fd, data, size, at))
SLOW(int, fsync, (int fd), (fd))
SLOW(int, fdatasync, (int fd), (fd))
