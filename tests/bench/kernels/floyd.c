#include <stdint.h>

#define N 256
static int64_t far[N * N];

static __attribute__((noinline)) void shorten(int64_t n, int64_t *far) {
  for (int64_t over = 0; over < n; over++)
    for (int64_t from = 0; from < n; from++) {
      int64_t first = far[from * n + over];
      for (int64_t to = 0; to < n; to++) {
        int64_t way = first + far[over * n + to];
        if (way < far[from * n + to]) far[from * n + to] = way;
      }
    }
}

int64_t floyd(int64_t n) {
  for (int64_t i = 0; i < n * n; i++) far[i] = (i * 7919 + i / n * 104729) % 1000 + 1;
  shorten(n, far);
  int64_t total = 0;
  for (int64_t i = 0; i < n * n; i++) total += far[i];
  return total;
}
