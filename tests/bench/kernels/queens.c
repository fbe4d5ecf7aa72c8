#include <stdbool.h>
#include <stdint.h>

#define N 32
static bool columns[2 * N], rising[2 * N], falling[2 * N];

static int64_t place(int64_t n, int64_t row, bool *columns, bool *rising, bool *falling) {
  if (row == n) return 1;
  int64_t found = 0;
  for (int64_t column = 0; column < n; column++) {
    if (!columns[column] && !rising[row + column] && !falling[row - column + n]) {
      columns[column] = true;
      rising[row + column] = true;
      falling[row - column + n] = true;
      found += place(n, row + 1, columns, rising, falling);
      columns[column] = false;
      rising[row + column] = false;
      falling[row - column + n] = false;
    }
  }
  return found;
}

int64_t queens(int64_t n) {
  for (int64_t i = 0; i < 2 * n; i++) columns[i] = rising[i] = falling[i] = false;
  return place(n, 0, columns, rising, falling);
}
