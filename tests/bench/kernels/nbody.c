#include "decimal.h"

#define BODIES 5
#define STEP 10000
static int64_t x[BODIES], y[BODIES], vx[BODIES], vy[BODIES], mass[BODIES];

static int64_t root(int64_t a) {
  int64_t guess = a;
  for (int i = 0; i < 6; i++) guess = over(guess + over(a, guess), 2 * ONE);
  return guess;
}

static void advance(void) {
  for (int i = 0; i < BODIES; i++)
    for (int k = i + 1; k < BODIES; k++) {
      int64_t dx = x[i] - x[k], dy = y[i] - y[k];
      int64_t squared = times(dx, dx) + times(dy, dy) + 50000;
      int64_t pull = over(STEP, times(squared, root(squared)));
      vx[i] -= times(times(dx, mass[k]), pull);
      vy[i] -= times(times(dy, mass[k]), pull);
      vx[k] += times(times(dx, mass[i]), pull);
      vy[k] += times(times(dy, mass[i]), pull);
    }
  for (int i = 0; i < BODIES; i++) {
    x[i] += times(vx[i], STEP);
    y[i] += times(vy[i], STEP);
  }
}

int64_t nbody(int64_t n) {
  for (int i = 0; i < BODIES; i++) {
    int64_t far = (int64_t)i * ONE;
    x[i] = times(far, 1500000) - 2 * ONE;
    y[i] = over(times(far, far), 4 * ONE);
    vx[i] = times(100000, far);
    vy[i] = 500000 - times(200000, far);
    mass[i] = over(ONE, far + ONE);
  }
  for (int64_t i = 0; i < n; i++) advance();
  int64_t total = 0;
  for (int i = 0; i < BODIES; i++) total += magnitude(x[i]) + magnitude(y[i]);
  return (total * 1000 + ONE / 2) / ONE;
}
