#include <stdint.h>

// Decimals in millionths, halves rounded away from zero; products within 64 bits, unchecked.
#define ONE 1000000

static int64_t magnitude(int64_t n) { return n < 0 ? -n : n; }

static int64_t times(int64_t a, int64_t b) {
  int64_t product = a * b;
  return (product + (product < 0 ? -ONE / 2 : ONE / 2)) / ONE;
}

static int64_t over(int64_t a, int64_t b) {
  int64_t size = (magnitude(a) * ONE + magnitude(b) / 2) / magnitude(b);
  return (a < 0) != (b < 0) ? -size : size;
}
