// Calls the code of @CODE@ and prints what each call gives: a line with the nonce, the call's number and JSON.
#define main arriero_their_main
#include "@CODE@"
#undef main
#undef int
#undef double
#include <cstdio>
#include <cstdlib>
#include <cxxabi.h>
#include <exception>
#include <iostream>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>
// Containers of the standard library, so that arguments can be written in them.
#include <array>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <vector>

static std::string arriero_out;

static std::string arriero_name(const std::type_info &type) {
    int status = 0;
    char *told = abi::__cxa_demangle(type.name(), nullptr, nullptr, &status);
    std::string name = status == 0 && told ? told : type.name();
    std::free(told);
    return name;
}

static void arriero_text(std::string_view text) {
    arriero_out += '"';
    for (unsigned char sign : text) {
        char code[8];
        if (sign == '"' || sign == '\\' || sign < 32) {
            std::snprintf(code, sizeof code, "\\u%04x", sign);
            arriero_out += code;
        } else {
            arriero_out += static_cast<char>(sign);
        }
    }
    arriero_out += '"';
}

template <class T> void arriero_put(const T &value);

template <class T, class = void> struct arriero_range : std::false_type {};
template <class T>
struct arriero_range<T, std::void_t<decltype(std::declval<const T &>().begin()), decltype(std::declval<const T &>().end())>>
    : std::true_type {};
template <class T, class = void> struct arriero_map : std::false_type {};
template <class T> struct arriero_map<T, std::void_t<typename T::key_type, typename T::mapped_type>> : std::true_type {};
template <class T, class = void> struct arriero_tuple : std::false_type {};
template <class T> struct arriero_tuple<T, std::void_t<decltype(std::tuple_size<T>::value)>> : std::true_type {};
template <class T> struct arriero_optional : std::false_type {};
template <class T> struct arriero_optional<std::optional<T>> : std::true_type {};

template <class It> void arriero_items(It at, It end) {
    arriero_out += '[';
    for (bool first = true; at != end; ++at, first = false) {
        if (!first) arriero_out += ", ";
        arriero_put(*at);
    }
    arriero_out += ']';
}

template <class T> void arriero_put_many(const T *first, std::size_t count) { arriero_items(first, first + count); }

template <class T> void arriero_put(const T &value) {
    if constexpr (std::is_same_v<T, bool>) {
        arriero_out += value ? "true" : "false";
    } else if constexpr (std::is_same_v<T, char>) {
        arriero_text(std::string_view(&value, 1));
    } else if constexpr (std::is_integral_v<T>) {
        arriero_out += std::to_string(value);
    } else if constexpr (std::is_floating_point_v<T>) {
        char told[64];
        std::snprintf(told, sizeof told, "%.17g", static_cast<double>(value));
        std::string text = told;
        if (text.find("nan") != std::string::npos) text = "NaN";
        if (text.find("inf") != std::string::npos) text = text[0] == '-' ? "-Infinity" : "Infinity";
        bool whole = text.find_first_of(".eNI") == std::string::npos;
        arriero_out += whole ? text + ".0" : text;
    } else if constexpr (std::is_convertible_v<const T &, const char *>) {
        const char *text = value;
        if (text) arriero_text(text); else arriero_out += "null";
    } else if constexpr (std::is_convertible_v<const T &, std::string_view>) {
        arriero_text(value);
    } else if constexpr (std::is_same_v<T, std::nullptr_t> || std::is_same_v<T, std::nullopt_t>) {
        arriero_out += "null";
    } else if constexpr (arriero_optional<T>::value) {
        if (value) arriero_put(*value); else arriero_out += "null";
    } else if constexpr (arriero_map<T>::value) {
        arriero_out += "{\"m\": [";
        bool first = true;
        for (const auto &pair : value) {
            if (!first) arriero_out += ", ";
            first = false;
            arriero_put(pair);
        }
        arriero_out += "]}";
    } else if constexpr (arriero_range<T>::value) {
        arriero_items(value.begin(), value.end());
    } else if constexpr (arriero_tuple<T>::value) {
        arriero_out += '[';
        std::apply([](const auto &...items) {
            bool first = true;
            ((arriero_out += first ? "" : ", ", first = false, arriero_put(items)), ...);
        }, value);
        arriero_out += ']';
    } else {
        arriero_out += "{\"o\": ";
        arriero_text(arriero_name(typeid(T)));
        arriero_out += '}';
    }
}

// One step with an object: what it gives, or what it raises.
template <class F> void arriero_step(F step) {
    std::string before = arriero_out + (arriero_out.back() == '[' ? "" : ", ");
    arriero_out = before + "[\"value\", ";
    try {
        step();
    } catch (const std::exception &error) {
        arriero_out = before + "[\"raised\", ";
        arriero_text(arriero_name(typeid(error)));
    } catch (...) {
        arriero_out = before + "[\"raised\", \"what is no std::exception\"";
    }
    arriero_out += ']';
}

@CALLS@

static void (*const arriero_calls[])() = {@TABLE@};

int main(int count, char **words) {
    int end = count > 3 ? std::atoi(words[3]) : @COUNT@;
    for (int number = count > 2 ? std::atoi(words[2]) : 0; number < end; ++number) {
        std::string how = "value";
        arriero_out.clear();
        try {
            arriero_calls[number]();
        } catch (const std::exception &error) {
            how = "raised";
            arriero_out.clear();
            arriero_text(arriero_name(typeid(error)) + ": " + error.what());
        } catch (...) {
            how = "raised";
            arriero_out = "\"what is no std::exception\"";
        }
        std::cout.flush();
        std::printf("\n%s %d %s %s\n", words[1], number, how.c_str(), arriero_out.c_str());
        std::fflush(stdout);
    }
    return 0;
}
