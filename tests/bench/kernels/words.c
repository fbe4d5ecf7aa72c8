#include <stdbool.h>
#include <stdint.h>

#define TEXT (1 << 20)
#define SLOTS 2048
static char text[TEXT];
static struct { int64_t start, length, count; } table[SLOTS];

static bool same(int64_t a, int64_t b, int64_t length) {
  for (int64_t i = 0; i < length; i++)
    if (text[a + i] != text[b + i]) return false;
  return true;
}

static void count(int64_t start, int64_t length) {
  uint32_t hash = 2166136261u;
  for (int64_t i = 0; i < length; i++) hash = (hash ^ (uint8_t)text[start + i]) * 16777619u;
  int64_t at = hash % SLOTS;
  while (table[at].count && !(table[at].length == length && same(table[at].start, start, length)))
    at = (at + 1) % SLOTS;
  table[at].start = start;
  table[at].length = length;
  table[at].count++;
}

int64_t words(int64_t n) {
  int64_t size = 0, number = 1;
  for (int64_t i = 0; i < SLOTS; i++) table[i].count = 0;
  for (int64_t i = 0; i < n; i++) {
    number = (number * 1103515245 + 12345) % 2147483648;
    int64_t word = number / 65536 % 500;
    text[size++] = 'w';
    if (word >= 100) text[size++] = '0' + word / 100;
    if (word >= 10) text[size++] = '0' + word / 10 % 10;
    text[size++] = '0' + word % 10;
    text[size++] = ' ';
  }
  int64_t start = 0;
  for (int64_t i = 0; i < size; i++)
    if (text[i] == ' ') {
      count(start, i - start);
      start = i + 1;
    }
  int64_t total = 0;
  for (int64_t i = 0; i < SLOTS; i++) total += table[i].count * table[i].count * table[i].length;
  return total;
}
