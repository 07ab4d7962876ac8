/* A made-up libnvidia-ml: GPUs whose power is a given curve, so that their true joules are known.
 * Everything comes from a text file that is read anew at every call (CONTROL_FILE, set when this is compiled); build.ts writes it.
 *
 *   now 12.5            time in s; or: clock 1234.5 = the CLOCK_MONOTONIC at which the curve begins (time then runs by itself)
 *   fail FUNCTION CODE  before any "gpu" line: of all GPUs; after one: of that GPU only
 *   gpu                 begins the next GPU; then: uuid U, name N N N, limit_w W, update_s S, window_s S, start_mj E, mig 0|1,
 *                       util GPU% MEM%, memory TOTAL USED (bytes), point T W (the curve: linear between points, flat outside)
 *
 * Values stand still between two updates (update_s). The power gauge is the mean of the last window_s before the update: 0.025 of 0.1
 * is the "part-time" gauge of an A100. The counter is the exact integral since time 0. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define MAX_GPUS 8
#define MAX_POINTS 256
#define MAX_FAILS 32
#define NOT_SUPPORTED 3
#define INVALID_ARGUMENT 2
#define UNINITIALIZED 1

typedef struct {
  char function[64];
  int code;
} Fail;

typedef struct {
  char uuid[96], name[96];
  double limit_w, update_s, window_s;
  unsigned long long start_mj, memory_total, memory_used;
  int mig, util_gpu, util_memory, points, fails;
  double t[MAX_POINTS], w[MAX_POINTS];
  Fail fail[MAX_FAILS];
} Gpu;

typedef struct {
  double now;
  int gpus, fails;
  Fail fail[MAX_FAILS];
  Gpu gpu[MAX_GPUS];
} Machine;

static int initialised = 0;
static Machine machine; /* calls come from one thread at a time */

static double monotonic_s(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void read_line(const char *line) {
  Gpu *gpu = machine.gpus > 0 ? &machine.gpu[machine.gpus - 1] : NULL;
  double a, b;
  Fail fail;
  if (sscanf(line, "now %lf", &a) == 1) machine.now = a;
  else if (sscanf(line, "clock %lf", &a) == 1) machine.now = monotonic_s() - a;
  else if (sscanf(line, "fail %63s %d", fail.function, &fail.code) == 2) {
    Fail *fails = gpu ? gpu->fail : machine.fail;
    int *count = gpu ? &gpu->fails : &machine.fails;
    if (*count < MAX_FAILS) fails[(*count)++] = fail;
  } else if (strncmp(line, "gpu", 3) == 0) {
    if (machine.gpus < MAX_GPUS) machine.gpus += 1;
  } else if (!gpu) return;
  else if (sscanf(line, "uuid %95s", gpu->uuid) == 1) return;
  else if (sscanf(line, "name %95[^\n]", gpu->name) == 1) return;
  else if (sscanf(line, "limit_w %lf", &a) == 1) gpu->limit_w = a;
  else if (sscanf(line, "update_s %lf", &a) == 1) gpu->update_s = a;
  else if (sscanf(line, "window_s %lf", &a) == 1) gpu->window_s = a;
  else if (sscanf(line, "start_mj %llu", &gpu->start_mj) == 1) return;
  else if (sscanf(line, "mig %d", &gpu->mig) == 1) return;
  else if (sscanf(line, "util %d %d", &gpu->util_gpu, &gpu->util_memory) == 2) return;
  else if (sscanf(line, "memory %llu %llu", &gpu->memory_total, &gpu->memory_used) == 2) return;
  else if (sscanf(line, "point %lf %lf", &a, &b) == 2 && gpu->points < MAX_POINTS) {
    gpu->t[gpu->points] = a;
    gpu->w[gpu->points++] = b;
  }
}

static int read_machine(void) {
  char line[256];
  FILE *file = fopen(CONTROL_FILE, "r");
  memset(&machine, 0, sizeof machine);
  if (!file) return 0;
  while (fgets(line, sizeof line, file)) read_line(line);
  fclose(file);
  return 1;
}

static int failure(const Fail *fails, int count, const char *function) {
  for (int i = 0; i < count; i++)
    if (strcmp(fails[i].function, function) == 0) return fails[i].code;
  return 0;
}

/* State of the machine for a call; its error code otherwise. */
static int begin(const char *function) {
  if (!initialised) return UNINITIALIZED;
  if (!read_machine()) return 999;
  return failure(machine.fail, machine.fails, function);
}

static int begin_gpu(const char *function, uintptr_t handle, Gpu **gpu) {
  int code = begin(function);
  if (code) return code;
  if (handle < 1 || handle > (uintptr_t)machine.gpus) return INVALID_ARGUMENT;
  *gpu = &machine.gpu[handle - 1];
  return failure((*gpu)->fail, (*gpu)->fails, function);
}

static double power_at(const Gpu *gpu, double t) {
  if (gpu->points == 0) return 0;
  if (t <= gpu->t[0]) return gpu->w[0];
  for (int i = 1; i < gpu->points; i++)
    if (t <= gpu->t[i]) {
      double span = gpu->t[i] - gpu->t[i - 1];
      return span <= 0 ? gpu->w[i] : gpu->w[i - 1] + (gpu->w[i] - gpu->w[i - 1]) * (t - gpu->t[i - 1]) / span;
    }
  return gpu->w[gpu->points - 1];
}

/* Integral of the curve from `from` to `to`: exact, trapezium by trapezium. */
static double energy_between(const Gpu *gpu, double from, double to) {
  double sum = 0, at = from;
  for (int i = 0; i < gpu->points && at < to; i++) {
    if (gpu->t[i] <= at) continue;
    double next = gpu->t[i] < to ? gpu->t[i] : to;
    /* just inside the piece, so that a jump (two points at one time) counts on its own side */
    double left = i == 0 ? gpu->w[0] : gpu->w[i - 1], right = gpu->w[i], span = i == 0 ? 0 : gpu->t[i] - gpu->t[i - 1];
    double p = i == 0 || span <= 0 ? left : left + (right - left) * (at - gpu->t[i - 1]) / span;
    double q = i == 0 || span <= 0 ? left : left + (right - left) * (next - gpu->t[i - 1]) / span;
    sum += 0.5 * (p + q) * (next - at);
    at = next;
  }
  if (at < to) sum += power_at(gpu, 1e300) * (to - at);
  return sum;
}

/* The time of the last update: values stand still until the next. */
static double updated_at(const Gpu *gpu) {
  if (gpu->update_s <= 0) return machine.now;
  double n = (double)(long long)(machine.now / gpu->update_s + 1e-9);
  return n * gpu->update_s;
}

static unsigned int gauge_mw(const Gpu *gpu) {
  double t = updated_at(gpu);
  double w = gpu->window_s > 0 ? energy_between(gpu, t - gpu->window_s, t) / gpu->window_s : power_at(gpu, t);
  return (unsigned int)(w * 1000 + 0.5);
}

int nvmlInit_v2(void) {
  if (!read_machine()) return 999;
  int code = failure(machine.fail, machine.fails, "nvmlInit_v2");
  if (!code) initialised += 1;
  return code;
}

int nvmlShutdown(void) {
  if (!initialised) return UNINITIALIZED;
  initialised -= 1;
  return 0;
}

/* Not in the real library: how many inits have not been given back. */
int fakeNvmlInitialised(void) { return initialised; }

const char *nvmlErrorString(int code) {
  switch (code) {
    case 0: return "Success";
    case 1: return "Uninitialized";
    case 2: return "Invalid Argument";
    case 3: return "Not Supported";
    case 4: return "Insufficient Permissions";
    case 9: return "Driver Not Loaded";
    case 15: return "GPU is lost";
    case 18: return "Driver/library version mismatch";
    default: return "Unknown Error";
  }
}

int nvmlSystemGetDriverVersion(char *out, unsigned int length) {
  int code = begin("nvmlSystemGetDriverVersion");
  if (!code) snprintf(out, length, "535.104.05");
  return code;
}

int nvmlDeviceGetCount_v2(unsigned int *out) {
  int code = begin("nvmlDeviceGetCount_v2");
  if (!code) *out = (unsigned int)machine.gpus;
  return code;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned int index, uintptr_t *out) {
  Gpu *gpu;
  int code = begin_gpu("nvmlDeviceGetHandleByIndex_v2", index + 1, &gpu);
  if (!code) *out = index + 1;
  return code;
}

int nvmlDeviceGetUUID(uintptr_t handle, char *out, unsigned int length) {
  Gpu *gpu;
  int code = begin_gpu("nvmlDeviceGetUUID", handle, &gpu);
  if (!code) snprintf(out, length, "%s", gpu->uuid);
  return code;
}

int nvmlDeviceGetName(uintptr_t handle, char *out, unsigned int length) {
  Gpu *gpu;
  int code = begin_gpu("nvmlDeviceGetName", handle, &gpu);
  if (!code) snprintf(out, length, "%s", gpu->name);
  return code;
}

int nvmlDeviceGetTotalEnergyConsumption(uintptr_t handle, unsigned long long *out) {
  Gpu *gpu;
  int code = begin_gpu("nvmlDeviceGetTotalEnergyConsumption", handle, &gpu);
  if (!code) *out = gpu->start_mj + (unsigned long long)(energy_between(gpu, 0, updated_at(gpu)) * 1000);
  return code;
}

int nvmlDeviceGetPowerUsage(uintptr_t handle, unsigned int *out) {
  Gpu *gpu;
  int code = begin_gpu("nvmlDeviceGetPowerUsage", handle, &gpu);
  if (!code) *out = gauge_mw(gpu);
  return code;
}

typedef struct {
  unsigned int fieldId, scopeId;
  long long timestamp, latencyUsec;
  int valueType, nvmlReturn;
  union {
    double d;
    unsigned int u;
    unsigned long long ull;
  } value;
} FieldValue;

/* The instant field alone; its own refusal comes inside the value, as in the real library. */
int nvmlDeviceGetFieldValues(uintptr_t handle, int count, FieldValue *values) {
  Gpu *gpu;
  int code = begin_gpu("nvmlDeviceGetFieldValues", handle, &gpu);
  if (code) return code;
  for (int i = 0; i < count; i++) {
    int refused = failure(gpu->fail, gpu->fails, "NVML_FI_DEV_POWER_INSTANT");
    values[i].nvmlReturn = values[i].fieldId != 186 ? NOT_SUPPORTED : refused;
    values[i].valueType = 1;
    values[i].value.u = values[i].nvmlReturn ? 0 : gauge_mw(gpu);
  }
  return 0;
}

int nvmlDeviceGetEnforcedPowerLimit(uintptr_t handle, unsigned int *out) {
  Gpu *gpu;
  int code = begin_gpu("nvmlDeviceGetEnforcedPowerLimit", handle, &gpu);
  if (!code) *out = (unsigned int)(gpu->limit_w * 1000);
  return code;
}

int nvmlDeviceGetPowerManagementLimit(uintptr_t handle, unsigned int *out) {
  Gpu *gpu;
  int code = begin_gpu("nvmlDeviceGetPowerManagementLimit", handle, &gpu);
  if (!code) *out = (unsigned int)(gpu->limit_w * 1000);
  return code;
}

int nvmlDeviceGetUtilizationRates(uintptr_t handle, unsigned int *out) {
  Gpu *gpu;
  int code = begin_gpu("nvmlDeviceGetUtilizationRates", handle, &gpu);
  if (code) return code;
  out[0] = (unsigned int)gpu->util_gpu;
  out[1] = (unsigned int)gpu->util_memory;
  return 0;
}

int nvmlDeviceGetMemoryInfo(uintptr_t handle, unsigned long long *out) {
  Gpu *gpu;
  int code = begin_gpu("nvmlDeviceGetMemoryInfo", handle, &gpu);
  if (code) return code;
  out[0] = gpu->memory_total;
  out[1] = gpu->memory_total - gpu->memory_used;
  out[2] = gpu->memory_used;
  return 0;
}

int nvmlDeviceGetMigMode(uintptr_t handle, unsigned int *current, unsigned int *pending) {
  Gpu *gpu;
  int code = begin_gpu("nvmlDeviceGetMigMode", handle, &gpu);
  if (code) return code;
  if (gpu->mig < 0) return NOT_SUPPORTED;
  *current = *pending = (unsigned int)gpu->mig;
  return 0;
}
