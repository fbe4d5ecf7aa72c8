#include "decimal.h"

int64_t logistic(int64_t n) {
  int64_t x = ONE / 2, growth = 3700000, total = 0;
  for (int64_t i = 0; i < n; i++) {
    x = times(times(growth, x), ONE - x);
    total += x;
  }
  return total * 1000 / ONE;
}
