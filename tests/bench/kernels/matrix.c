#include <stdint.h>

#define N 256
static int64_t a[N * N], b[N * N], c[N * N];

static __attribute__((noinline)) void multiply(int64_t n, const int64_t *a, const int64_t *b, int64_t *c) {
  for (int64_t row = 0; row < n; row++)
    for (int64_t column = 0; column < n; column++) {
      int64_t sum = 0;
      for (int64_t k = 0; k < n; k++) sum += a[row * n + k] * b[k * n + column];
      c[row * n + column] = sum;
    }
}

int64_t matrix(int64_t n) {
  for (int64_t i = 0; i < n * n; i++) {
    a[i] = i % 7 - 3;
    b[i] = i % 5 + 1;
    c[i] = 0;
  }
  multiply(n, a, b, c);
  int64_t total = 0;
  for (int64_t i = 0; i < n * n; i++) total += c[i];
  return total;
}
