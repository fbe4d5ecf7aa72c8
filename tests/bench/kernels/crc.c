#include <stdint.h>

static int64_t xors[256], table[256];

static int64_t xor(const int64_t *xors, int64_t a, int64_t b) {
  int64_t left = a, right = b, result = 0, weight = 1;
  while (left + right > 0) {
    result += xors[left % 16 * 16 + right % 16] * weight;
    left /= 16;
    right /= 16;
    weight *= 16;
  }
  return result;
}

static void xor_table(void) {
  for (int64_t a = 0; a < 16; a++)
    for (int64_t b = 0; b < 16; b++) {
      int64_t differing = 0;
      for (int64_t weight = 1; weight < 16; weight *= 2)
        if (a / weight % 2 != b / weight % 2) differing += weight;
      xors[a * 16 + b] = differing;
    }
}

int64_t crc(int64_t n) {
  xor_table();
  for (int64_t byte = 0; byte < 256; byte++) {
    int64_t value = byte;
    for (int bit = 0; bit < 8; bit++)
      value = value % 2 == 1 ? xor(xors, value / 2, 0xEDB88320) : value / 2;
    table[byte] = value;
  }
  int64_t rest = 0xFFFFFFFF;
  for (int64_t i = 0; i < n; i++) {
    int64_t low = xor(xors, rest % 256, (i * 31 + i / 7) % 256);
    rest = xor(xors, rest / 256, table[low]);
  }
  return 0xFFFFFFFF - rest;
}
