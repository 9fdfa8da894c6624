// A team of threads that do the same work in step. Natively they are POSIX threads; in WebAssembly the host's workers
// call core_worker; without threads the team is one.
#ifndef SER_THREADS_H
#define SER_THREADS_H
#include <stdint.h>

enum { MAX_THREADS = 64, SPINS = 4000 };

typedef struct {
  int size;
  int arrived, round;  // of the barrier
  int go, quit;
} Team;

#if defined(__wasm__) && !defined(__wasm_atomics__)
static void barrier(Team *t) { (void)t; }
static void wake(Team *t) { (void)t; }
#else
#if defined(__wasm__)
static void rest(int *p, int seen) { __builtin_wasm_memory_atomic_wait32(p, seen, 1000000000); }
static void rouse(int *p) { __builtin_wasm_memory_atomic_notify(p, MAX_THREADS); }
static void relax(void) {}
#elif defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
static void rest(int *p, int seen) { syscall(SYS_futex, p, FUTEX_WAIT_PRIVATE, seen, (void *)0, (void *)0, 0); }
static void rouse(int *p) { syscall(SYS_futex, p, FUTEX_WAKE_PRIVATE, MAX_THREADS, (void *)0, (void *)0, 0); }
#else
#include <time.h>
static void rest(int *p, int seen) {
  (void)p, (void)seen;
  struct timespec t = {0, 50000};
  nanosleep(&t, 0);
}
static void rouse(int *p) { (void)p; }
#endif
#if defined(__x86_64__)
static void relax(void) { __builtin_ia32_pause(); }
#elif !defined(__wasm__)
static void relax(void) { __asm__ volatile("" ::: "memory"); }
#endif

// Until *p is no longer `seen`: first watching, as most waits are short, then asleep.
static void wait_for(int *p, int seen) {
  for (int spins = 0; __atomic_load_n(p, __ATOMIC_ACQUIRE) == seen; spins++) {
    if (spins < SPINS) relax();
    else rest(p, seen);
  }
}
static void barrier(Team *t) {
  if (t->size == 1) return;
  int round = __atomic_load_n(&t->round, __ATOMIC_ACQUIRE);
  if (__atomic_add_fetch(&t->arrived, 1, __ATOMIC_ACQ_REL) < t->size) {
    wait_for(&t->round, round);
    return;
  }
  __atomic_store_n(&t->arrived, 0, __ATOMIC_RELAXED);
  __atomic_add_fetch(&t->round, 1, __ATOMIC_ACQ_REL);
  rouse(&t->round);
}
static void wake(Team *t) {
  if (t->size == 1) return;
  __atomic_add_fetch(&t->go, 1, __ATOMIC_ACQ_REL);
  rouse(&t->go);
}
#endif
#endif
