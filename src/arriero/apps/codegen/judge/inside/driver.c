/* Calls the code of @CODE@ and prints what each call gives: a line with the nonce, the call's number and JSON. */
#define main arriero_their_main
#include "@CODE@"
#undef main
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static char *arriero_out;
static size_t arriero_size;
static FILE *arriero_file;

static void arriero_put_whole(long long value) { fprintf(arriero_file, "%lld", value); }
static void arriero_put_counted(unsigned long long value) { fprintf(arriero_file, "%llu", value); }
static void arriero_put_flag(_Bool value) { fprintf(arriero_file, value ? "true" : "false"); }
static void arriero_put_number(double value) {
    if (isnan(value)) fprintf(arriero_file, "NaN");
    else if (isinf(value)) fprintf(arriero_file, value < 0 ? "-Infinity" : "Infinity");
    else fprintf(arriero_file, value == floor(value) && fabs(value) < 1e15 ? "%.1f" : "%.17g", value);
}
static void arriero_put_text(const char *text) {
    if (!text) {
        fprintf(arriero_file, "null");
        return;
    }
    fputc('"', arriero_file);
    for (const unsigned char *sign = (const unsigned char *)text; *sign; ++sign) {
        if (*sign == '"' || *sign == '\\' || *sign < 32) fprintf(arriero_file, "\\u%04x", *sign);
        else fputc(*sign, arriero_file);
    }
    fputc('"', arriero_file);
}
static void arriero_put_letter(char value) {
    char text[2] = {value, 0};
    arriero_put_text(text);
}

#define arriero_put(value) _Generic((value), _Bool: arriero_put_flag, char: arriero_put_letter, \
    char *: arriero_put_text, const char *: arriero_put_text, float: arriero_put_number, double: arriero_put_number, \
    long double: arriero_put_number, unsigned long: arriero_put_counted, unsigned long long: arriero_put_counted, \
    default: arriero_put_whole)(value)
#define arriero_put_many(values, count) do { \
        fputc('[', arriero_file); \
        for (size_t at = 0; at < (count); ++at) { \
            if (at) fprintf(arriero_file, ", "); \
            arriero_put((values)[at]); \
        } \
        fputc(']', arriero_file); \
    } while (0)

@CALLS@

static void (*const arriero_calls[])(void) = {@TABLE@};

int main(int count, char **words) {
    int end = count > 3 ? atoi(words[3]) : @COUNT@;
    for (int number = count > 2 ? atoi(words[2]) : 0; number < end; ++number) {
        arriero_file = open_memstream(&arriero_out, &arriero_size);
        arriero_calls[number]();
        fclose(arriero_file);
        printf("\n%s %d value %s\n", words[1], number, arriero_out);
        fflush(stdout);
        free(arriero_out);
    }
    return 0;
}
