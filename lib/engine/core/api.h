// The functions of one build of the core, for the addon that chooses among several.
#ifndef SER_API_H
#define SER_API_H
#include "core.h"

typedef struct {
  Core *(*create)(const int32_t *program, int words, int max_batch, int threads, uint32_t seed, int *error);
  void (*start)(Core *);
  void (*destroy)(Core *);
  int (*threads)(Core *);
  void (*optimizer)(Core *, float beta1, float beta2, float epsilon, float decay, float clip);
  float *(*array)(Core *, int which);
  double (*length)(Core *, int which);
  void (*changed)(Core *);
  uint32_t (*get_step)(Core *);
  void (*set_step)(Core *, uint32_t step);
  double (*step)(Core *, int count, float rate, int mode);
  void (*predict)(Core *, int count);
  int (*reshape)(Core *, const int32_t *program, int words);
} CoreApi;
#endif
