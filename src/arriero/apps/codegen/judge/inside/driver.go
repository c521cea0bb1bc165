package main

// Calls the code beside it and prints what each call gives: a line with the nonce, the call's number and JSON.

import (
	arrieroFmt "fmt"
	arrieroMath "math"
	arrieroOS "os"
	arrieroReflect "reflect"
	arrieroDebug "runtime/debug"
	arrieroSort "sort"
	arrieroConv "strconv"
	arrieroStrings "strings"
)

type arrieroOut struct{ arrieroStrings.Builder }

func arrieroCall(number int, arriero *arrieroOut) {
	switch number {
@CALLS@
	}
}

// give takes what a call gives. `fails`: the last of it is an error, which is raised.
func (out *arrieroOut) give(fails bool) func(...any) {
	return func(values ...any) {
		if fails {
			last := len(values) - 1
			if failed, is := values[last].(error); is && !arrieroNil(failed) {
				panic(failed)
			}
			values = values[:last]
		}
		switch len(values) {
		case 0:
			out.WriteString("null")
		case 1:
			out.put(arrieroReflect.ValueOf(values[0]), 0)
		default:
			out.put(arrieroReflect.ValueOf(values), 0)
		}
	}
}

func arrieroAt[T any](value T) *T { return &value }

func arrieroNil(value any) bool {
	seen := arrieroReflect.ValueOf(value)
	return seen.Kind() == arrieroReflect.Pointer && seen.IsNil()
}

// step is one with an object, of which only how it ended is told.
func (out *arrieroOut) step(first bool, run func(*arrieroOut)) {
	if !first {
		out.WriteString(", ")
	}
	own := &arrieroOut{}
	how := arrieroGuarded(own, run)
	out.WriteString(`["` + how + `", ` + own.String() + "]")
}

func arrieroGuarded(out *arrieroOut, run func(*arrieroOut)) (how string) {
	how = "value"
	defer func() {
		if why := recover(); why != nil {
			how = "raised"
			out.Reset()
			out.text(arrieroFmt.Sprint(why))
		}
	}()
	run(out)
	return
}

func (out *arrieroOut) put(value arrieroReflect.Value, depth int) {
	if !value.IsValid() || depth > 100 {
		out.WriteString("null")
		return
	}
	switch value.Kind() {
	case arrieroReflect.Bool:
		out.WriteString(arrieroConv.FormatBool(value.Bool()))
	case arrieroReflect.Int, arrieroReflect.Int8, arrieroReflect.Int16, arrieroReflect.Int32, arrieroReflect.Int64:
		out.WriteString(arrieroConv.FormatInt(value.Int(), 10))
	case arrieroReflect.Uint, arrieroReflect.Uint8, arrieroReflect.Uint16, arrieroReflect.Uint32, arrieroReflect.Uint64, arrieroReflect.Uintptr:
		out.WriteString(arrieroConv.FormatUint(value.Uint(), 10))
	case arrieroReflect.Float32:
		out.number(value.Float(), 32)
	case arrieroReflect.Float64:
		out.number(value.Float(), 64)
	case arrieroReflect.String:
		out.text(value.String())
	case arrieroReflect.Slice, arrieroReflect.Array:
		out.WriteByte('[')
		for at := 0; at < value.Len(); at++ {
			if at > 0 {
				out.WriteString(", ")
			}
			out.put(value.Index(at), depth+1)
		}
		out.WriteByte(']')
	case arrieroReflect.Map:
		pairs := []string{}
		for _, key := range value.MapKeys() {
			own := &arrieroOut{}
			own.WriteByte('[')
			own.put(key, depth+1)
			own.WriteString(", ")
			own.put(value.MapIndex(key), depth+1)
			own.WriteByte(']')
			pairs = append(pairs, own.String())
		}
		arrieroSort.Strings(pairs)
		out.WriteString(`{"m": [` + arrieroStrings.Join(pairs, ", ") + "]}")
	case arrieroReflect.Interface:
		out.put(value.Elem(), depth+1)
	case arrieroReflect.Pointer:
		if value.IsNil() || value.Elem().Kind() != arrieroReflect.Struct {
			out.put(value.Elem(), depth+1)
			return
		}
		out.object(value)
	default:
		out.object(value)
	}
}

func (out *arrieroOut) object(value arrieroReflect.Value) {
	out.WriteString(`{"o": `)
	out.text(value.Type().String())
	out.WriteByte('}')
}

func (out *arrieroOut) number(value float64, bits int) {
	switch {
	case arrieroMath.IsNaN(value):
		out.WriteString("NaN")
	case arrieroMath.IsInf(value, 0):
		out.WriteString(map[bool]string{true: "Infinity", false: "-Infinity"}[value > 0])
	default:
		text := arrieroConv.FormatFloat(value, 'g', -1, bits)
		if !arrieroStrings.ContainsAny(text, ".e") {
			text += ".0"
		}
		out.WriteString(text)
	}
}

func (out *arrieroOut) text(value string) {
	out.WriteByte('"')
	for _, sign := range value { // what is no UTF-8 comes as U+FFFD
		if sign == '"' || sign == '\\' || sign < 32 {
			out.WriteString(arrieroFmt.Sprintf("\\u%04x", sign))
		} else {
			out.WriteRune(sign)
		}
	}
	out.WriteByte('"')
}

func main() {
	arrieroDebug.SetMaxStack(16 << 20) // so that recursion without end ends this call and not the memory
	number, end := 0, @COUNT@
	if len(arrieroOS.Args) > 3 {
		number, _ = arrieroConv.Atoi(arrieroOS.Args[2])
		end, _ = arrieroConv.Atoi(arrieroOS.Args[3])
	}
	for ; number < end; number++ {
		out := &arrieroOut{}
		how := arrieroGuarded(out, func(out *arrieroOut) { arrieroCall(number, out) })
		arrieroOS.Stdout.WriteString("\n" + arrieroOS.Args[1] + " " + arrieroConv.Itoa(number) + " " + how + " " + out.String() + "\n")
	}
}
