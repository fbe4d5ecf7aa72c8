#include <stdint.h>

#define N 4096
static char a[N], b[N];
static int64_t before[N + 1], row[N + 1];

static void letters(int64_t n, int64_t step, char *made) {
  const char *alphabet = "acgtn";
  for (int64_t i = 0; i < n; i++) made[i] = alphabet[(i * step + i / 3) % 5];
}

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

int64_t levenshtein(int64_t n) {
  letters(n, 7, a);
  letters(n, 11, b);
  for (int64_t i = 0; i <= n; i++) before[i] = i;
  for (int64_t i = 0; i < n; i++) {
    row[0] = i + 1;
    for (int64_t k = 0; k < n; k++)
      row[k + 1] = least(least(row[k] + 1, before[k + 1] + 1), before[k] + (a[i] != b[k]));
    for (int64_t k = 0; k <= n; k++) before[k] = row[k];
  }
  return before[n];
}
