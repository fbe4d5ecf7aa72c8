#include <stdbool.h>
#include <stdint.h>

#define N 65536
struct entry { int64_t key, weight, number; };
static struct entry entries[N];

static bool is_before(const struct entry *a, const struct entry *b) {
  if (a->key != b->key) return a->key < b->key;
  if (a->weight != b->weight) return a->weight < b->weight;
  return a->number < b->number;
}

static void swap(struct entry *a, struct entry *b) {
  struct entry moved = *a;
  *a = *b;
  *b = moved;
}

static void sink(struct entry *entries, int64_t start, int64_t end) {
  for (int64_t at = start; at * 2 + 1 < end;) {
    int64_t child = at * 2 + 1;
    if (child + 1 < end && is_before(&entries[child], &entries[child + 1])) child++;
    if (!is_before(&entries[at], &entries[child])) return;
    swap(&entries[at], &entries[child]);
    at = child;
  }
}

int64_t structs(int64_t n) {
  int64_t seed = 1;
  for (int64_t i = 0; i < n; i++) {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    entries[i] = (struct entry){seed / 65536 % 1000, seed / 64 % 100, i};
  }
  for (int64_t start = n / 2 - 1; start >= 0; start--) sink(entries, start, n);
  for (int64_t end = n - 1; end > 0; end--) {
    swap(&entries[end], &entries[0]);
    sink(entries, 0, end);
  }
  int64_t total = 0;
  for (int64_t i = 0; i < n; i++)
    total = (total * 31 + entries[i].number * (i + 1) + entries[i].key) % 1000000007;
  return total;
}
