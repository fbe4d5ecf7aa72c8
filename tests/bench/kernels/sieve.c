#include <stdbool.h>
#include <stdint.h>

static bool composite[1 << 20];

int64_t sieve(int64_t n) {
  for (int64_t i = 0; i < n; i++) composite[i] = false;
  int64_t count = 0;
  for (int64_t p = 2; p < n; p++) {
    if (!composite[p]) {
      count++;
      for (int64_t multiple = p * p; multiple < n; multiple += p) composite[multiple] = true;
    }
  }
  return count;
}
