package handler

import (
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
	"unsafe"
)

// sureRule is the check of one rule on a type that is no pointer and no
// interface, nil if every value obeys it.
func sureRule(t reflect.Type, rule string, pointed bool) sure {
	if strings.Contains(rule, "|") || strings.Contains(rule, "0x2C") || strings.Contains(rule, "0x7C") {
		return never // alternatives, and the escapes of commas and bars
	}
	name, param, _ := strings.Cut(rule, "=")
	switch name {
	case "required":
		if pointed && t.Kind() != reflect.Slice && t.Kind() != reflect.Map {
			return nil
		}
		return nonZero(t)
	case "min", "gte", "max", "lte", "gt", "lt", "len", "eq", "ne":
		return sureSize(t, name, param)
	case "oneof":
		return sureOneOf(t, param)
	case "number", "numeric":
		if numeric(t.Kind()) {
			return nil
		}
	}
	if valid := sureText(name); valid != nil && t.Kind() == reflect.String {
		return func(at unsafe.Pointer) bool { return valid(*(*string)(at)) }
	}
	return never
}

func numeric(k reflect.Kind) bool { return k >= reflect.Int && k <= reflect.Float64 }

// word is a part of a value: a value is not zero if one of its words is not.
type word struct{ offset, width uintptr }

// nonZero is the check that a value is not zero. It is exact but for structs and
// arrays.
func nonZero(t reflect.Type) sure {
	switch t.Kind() {
	case reflect.Float32:
		return func(at unsafe.Pointer) bool { return *(*float32)(at) != 0 }
	case reflect.Float64:
		return func(at unsafe.Pointer) bool { return *(*float64)(at) != 0 }
	}
	list := words(nil, t, 0)
	return func(at unsafe.Pointer) bool {
		for _, w := range list {
			if loadUint(unsafe.Add(at, w.offset), w.width) != 0 {
				return true
			}
		}
		return false
	}
}

const wordSize = unsafe.Sizeof(uintptr(0))

// words adds the words of a type. Floats are left out: they have two zeros.
func words(list []word, t reflect.Type, offset uintptr) []word {
	switch t.Kind() {
	case reflect.String:
		return append(list, word{offset + wordSize, wordSize}) // its length
	case reflect.Slice, reflect.Map, reflect.Pointer, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return append(list, word{offset, wordSize})
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return append(list, word{offset, t.Size()})
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); f.Name != "_" {
				list = words(list, f.Type, offset+f.Offset)
			}
		}
	}
	return list
}

func loadUint(at unsafe.Pointer, width uintptr) uint64 {
	switch width {
	case 1:
		return uint64(*(*uint8)(at))
	case 2:
		return uint64(*(*uint16)(at))
	case 4:
		return uint64(*(*uint32)(at))
	}
	return *(*uint64)(at)
}

// loadInt is loadUint with the sign.
func loadInt(at unsafe.Pointer, width uintptr) int64 {
	unused := 64 - 8*width
	return int64(loadUint(at, width)<<unused) >> unused
}

// bounds are the values that a rule allows, ends included; or all others.
type bounds[N int64 | uint64 | float64] struct {
	lo, hi N
	others bool
}

func (b *bounds[N]) allow(n N) bool { return (n >= b.lo && n <= b.hi) != b.others }

// boundsOf are the bounds of a rule with a parameter n; all is every value, next
// and previous the neighbours of n. ok is false where there is no such value.
func boundsOf[N int64 | uint64 | float64](rule string, n, previous, next N, all bounds[N]) (b bounds[N], ok bool) {
	b = all
	switch rule {
	case "min", "gte":
		b.lo = n
	case "max", "lte":
		b.hi = n
	case "gt":
		b.lo = next
		return b, next > n
	case "lt":
		b.hi = previous
		return b, previous < n
	default: // len, eq, ne
		b.lo, b.hi, b.others = n, n, rule == "ne"
	}
	return b, true
}

// sureSize is the check of a rule about a size.
func sureSize(t reflect.Type, rule, param string) sure {
	switch k := t.Kind(); k {
	case reflect.String:
		return sureString(rule, param)
	case reflect.Slice, reflect.Map:
		b, ok := intBounds(rule, param)
		switch {
		case !ok:
			return never
		case k == reflect.Map:
			return func(at unsafe.Pointer) bool { return b.allow(int64(mapLen(t, at))) }
		}
		return func(at unsafe.Pointer) bool { return b.allow(int64((*sliceHeader)(at).len)) }
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if t == reflect.TypeFor[time.Duration]() {
			if d, err := time.ParseDuration(param); err == nil {
				param = strconv.FormatInt(int64(d), 10)
			}
		}
		if b, ok := intBounds(rule, param); ok {
			width := t.Size()
			return func(at unsafe.Pointer) bool { return b.allow(loadInt(at, width)) }
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		n, err := strconv.ParseUint(param, 0, 64)
		if b, ok := boundsOf(rule, n, n-1, n+1, bounds[uint64]{hi: math.MaxUint64}); ok && err == nil {
			width := t.Size()
			return func(at unsafe.Pointer) bool { return b.allow(loadUint(at, width)) }
		}
	case reflect.Float32, reflect.Float64:
		return sureFloat(t.Bits(), rule, param)
	}
	return never
}

func intBounds(rule, param string) (bounds[int64], bool) {
	n, err := strconv.ParseInt(param, 0, 64)
	b, ok := boundsOf(rule, n, n-1, n+1, bounds[int64]{lo: math.MinInt64, hi: math.MaxInt64})
	return b, ok && err == nil
}

func sureFloat(bits int, rule, param string) sure {
	n, err := strconv.ParseFloat(param, bits)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return never
	}
	b, ok := boundsOf(rule, n, math.Nextafter(n, math.Inf(-1)), math.Nextafter(n, math.Inf(1)),
		bounds[float64]{lo: math.Inf(-1), hi: math.Inf(1)})
	switch {
	case !ok:
		return never
	case bits == 32:
		return func(at unsafe.Pointer) bool { return b.allow(float64(*(*float32)(at))) }
	}
	return func(at unsafe.Pointer) bool { return b.allow(*(*float64)(at)) }
}

// sureString is the check of a rule about the number of characters; eq and ne
// are about the text.
func sureString(rule, param string) sure {
	switch rule {
	case "eq":
		return func(at unsafe.Pointer) bool { return *(*string)(at) == param }
	case "ne":
		return func(at unsafe.Pointer) bool { return *(*string)(at) != param }
	}
	b, ok := intBounds(rule, param)
	if !ok {
		return never
	}
	return func(at unsafe.Pointer) bool {
		s := *(*string)(at)
		if b.lo <= 0 && int64(len(s)) <= b.hi {
			return true // no more characters than bytes
		}
		return b.allow(int64(utf8.RuneCountInString(s)))
	}
}

// sureOneOf is the check of a list of words. Quoted ones are left to the library.
func sureOneOf(t reflect.Type, param string) sure {
	if strings.ContainsFunc(param, func(r rune) bool { return r < ' ' || r > '~' || r == '\'' }) {
		return never
	}
	list := strings.Fields(param)
	switch t.Kind() {
	case reflect.String:
		return func(at unsafe.Pointer) bool { return slices.Contains(list, *(*string)(at)) }
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		var numbers []int64
		for _, text := range list {
			// The library compares texts: "+1" and "01" are never met.
			if n, err := strconv.ParseInt(text, 10, 64); err == nil && strconv.FormatInt(n, 10) == text {
				numbers = append(numbers, n)
			}
		}
		width := t.Size()
		return func(at unsafe.Pointer) bool { return slices.Contains(numbers, loadInt(at, width)) }
	}
	return never
}
