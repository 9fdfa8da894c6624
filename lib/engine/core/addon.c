// The core as a Node addon (Node-API): the builds for the instruction sets of this architecture, and calls on them.
#include <node_api.h>
#include <stdlib.h>
#include <string.h>
#include "api.h"

#if defined(__x86_64__)
extern const CoreApi core_avx512, core_avx2, core_base;
static const struct { const char *name; const CoreApi *api; } BUILDS[] = {
    {"AVX-512", &core_avx512}, {"AVX2+FMA", &core_avx2}, {"SSE2", &core_base}};
static int runs(int build) {
  __builtin_cpu_init();
  if (build == 0)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma");
  if (build == 1) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return 1;
}
#else
extern const CoreApi core_base;
#if defined(__aarch64__)
static const struct { const char *name; const CoreApi *api; } BUILDS[] = {{"NEON", &core_base}};
#else
static const struct { const char *name; const CoreApi *api; } BUILDS[] = {{"128-bit vectors", &core_base}};
#endif
static int runs(int build) { return (void)build, 1; }
#endif
enum { BUILD_COUNT = sizeof BUILDS / sizeof *BUILDS, MOST_ARGUMENTS = 12 };

typedef struct { const CoreApi *api; Core *core; } Handle;

static void close_handle(Handle *h) {
  if (h->core) h->api->destroy(h->core);
  h->core = 0;
}
static void collected(napi_env env, void *data, void *hint) {
  (void)env, (void)hint;
  close_handle(data);
  free(data);
}

static int arguments(napi_env env, napi_callback_info info, napi_value *a) {
  size_t n = MOST_ARGUMENTS;
  for (int i = 0; i < MOST_ARGUMENTS; i++) a[i] = 0;
  return napi_get_cb_info(env, info, &n, a, 0, 0) == napi_ok;
}
static double number(napi_env env, napi_value v) {
  double d = 0;
  napi_get_value_double(env, v, &d);
  return d;
}
static void *array(napi_env env, napi_value v, size_t *length) {
  void *data = 0;
  *length = 0;
  bool typed = false;
  if (napi_is_typedarray(env, v, &typed) != napi_ok || !typed) return 0;
  napi_get_typedarray_info(env, v, 0, length, &data, 0, 0);
  return data;
}
static napi_value fail(napi_env env, const char *message) {
  napi_throw_error(env, 0, message);
  return 0;
}
static Handle *handle(napi_env env, napi_value v) {
  void *h = 0;
  if (napi_get_value_external(env, v, &h) == napi_ok && h && ((Handle *)h)->core) return h;
  fail(env, "this network has been destroyed");
  return 0;
}
static napi_value real(napi_env env, double d) {
  napi_value v;
  napi_create_double(env, d, &v);
  return v;
}
static napi_value copy(napi_env env, const float *from, size_t length) {
  napi_value buffer, out;
  void *data;
  if (napi_create_arraybuffer(env, length * sizeof(float), &data, &buffer) != napi_ok) return 0;
  if (length) memcpy(data, from, length * sizeof(float));
  napi_create_typedarray(env, napi_float32_array, length, buffer, 0, &out);
  return out;
}

// builds(): the names of the builds that run here, the best first.
static napi_value builds(napi_env env, napi_callback_info info) {
  (void)info;
  napi_value out, name;
  uint32_t n = 0;
  napi_create_array(env, &out);
  for (int i = 0; i < BUILD_COUNT; i++) {
    if (!runs(i)) continue;
    napi_create_string_utf8(env, BUILDS[i].name, NAPI_AUTO_LENGTH, &name);
    napi_set_element(env, out, n++, name);
  }
  return out;
}

// create(build's name, program, maxBatch, threads, seed, beta1, beta2, epsilon, decay, clip)
static napi_value create(napi_env env, napi_callback_info info) {
  napi_value a[MOST_ARGUMENTS], out;
  char name[32] = "";
  size_t words;
  int build = 0, error = 0;
  if (!arguments(env, info, a)) return 0;
  napi_get_value_string_utf8(env, a[0], name, sizeof name, 0);
  while (build < BUILD_COUNT && (strcmp(name, BUILDS[build].name) || !runs(build))) build++;
  const int32_t *program = array(env, a[1], &words);
  if (build == BUILD_COUNT || !program) return fail(env, "no such build, or no program");
  Handle *h = malloc(sizeof *h);
  h->api = BUILDS[build].api;
  h->core = h->api->create(program, (int)words, (int)number(env, a[2]), (int)number(env, a[3]), (uint32_t)number(env, a[4]), &error);
  if (!h->core) {
    free(h);
    return fail(env, error == CORE_NO_MEMORY ? "not enough memory" : "the program is not valid");
  }
  h->api->optimizer(h->core, (float)number(env, a[5]), (float)number(env, a[6]), (float)number(env, a[7]), (float)number(env, a[8]),
                    (float)number(env, a[9]));
  h->api->start(h->core);
  napi_create_external(env, h, collected, 0, &out);
  return out;
}

static napi_value destroy(napi_env env, napi_callback_info info) {
  napi_value a[MOST_ARGUMENTS];
  void *h = 0;
  if (arguments(env, info, a) && napi_get_value_external(env, a[0], &h) == napi_ok && h) close_handle(h);
  return 0;
}

// read(network, array): a copy.
static napi_value read_array(napi_env env, napi_callback_info info) {
  napi_value a[MOST_ARGUMENTS];
  Handle *h;
  if (!arguments(env, info, a) || !(h = handle(env, a[0]))) return 0;
  int which = (int)number(env, a[1]);
  return copy(env, h->api->array(h->core, which), (size_t)h->api->length(h->core, which));
}

static int write_floats(napi_env env, Handle *h, int which, napi_value from) {
  size_t length;
  const void *data = array(env, from, &length);
  if (!data || (double)length > h->api->length(h->core, which)) {
    fail(env, "an array is too long");
    return 0;
  }
  memcpy(h->api->array(h->core, which), data, length * sizeof(float));
  return 1;
}

// write(network, array, values)
static napi_value write_array(napi_env env, napi_callback_info info) {
  napi_value a[MOST_ARGUMENTS];
  Handle *h;
  if (!arguments(env, info, a) || !(h = handle(env, a[0]))) return 0;
  int which = (int)number(env, a[1]);
  if (write_floats(env, h, which, a[2]) && which == ARRAY_PARAMETERS) h->api->changed(h->core);
  return 0;
}

// step(network, count, rate, mode): the loss. The batch has been written.
static napi_value step(napi_env env, napi_callback_info info) {
  napi_value a[MOST_ARGUMENTS];
  Handle *h;
  if (!arguments(env, info, a) || !(h = handle(env, a[0]))) return 0;
  return real(env, h->api->step(h->core, (int)number(env, a[1]), (float)number(env, a[2]), (int)number(env, a[3])));
}

// predict(network, count): the inputs have been written; read the output.
static napi_value predict(napi_env env, napi_callback_info info) {
  napi_value a[MOST_ARGUMENTS];
  Handle *h;
  if (!arguments(env, info, a) || !(h = handle(env, a[0]))) return 0;
  h->api->predict(h->core, (int)number(env, a[1]));
  return 0;
}

// reshape(network, program): for a network made to be run forward only.
static napi_value reshape(napi_env env, napi_callback_info info) {
  napi_value a[MOST_ARGUMENTS];
  Handle *h;
  size_t words;
  if (!arguments(env, info, a) || !(h = handle(env, a[0]))) return 0;
  const int32_t *program = array(env, a[1], &words);
  int error = program ? h->api->reshape(h->core, program, (int)words) : CORE_BAD_PROGRAM;
  if (error == CORE_OK) return 0;
  close_handle(h);
  return fail(env, error == CORE_NO_MEMORY ? "not enough memory" : "the program is not valid");
}

static napi_value get_step(napi_env env, napi_callback_info info) {
  napi_value a[MOST_ARGUMENTS];
  Handle *h;
  if (!arguments(env, info, a) || !(h = handle(env, a[0]))) return 0;
  return real(env, h->api->get_step(h->core));
}
static napi_value set_step(napi_env env, napi_callback_info info) {
  napi_value a[MOST_ARGUMENTS];
  Handle *h;
  if (!arguments(env, info, a) || !(h = handle(env, a[0]))) return 0;
  h->api->set_step(h->core, (uint32_t)number(env, a[1]));
  return 0;
}

NAPI_MODULE_INIT() {
  const struct { const char *name; napi_callback call; } all[] = {
      {"builds", builds}, {"create", create}, {"destroy", destroy}, {"read", read_array}, {"write", write_array},
      {"step", step}, {"predict", predict},
      {"reshape", reshape}, {"getStep", get_step}, {"setStep", set_step}};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    napi_value f;
    napi_create_function(env, all[i].name, NAPI_AUTO_LENGTH, all[i].call, 0, &f);
    napi_set_named_property(env, exports, all[i].name, f);
  }
  return exports;
}
