package handler

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
)

// The checks of a plan may say yes only where the library does. These tests ask
// both on generated values.

// kindOfText is a string type of an application's own.
type kindOfText string

// judged is what the two said of a value.
type judged struct{ sure, valid bool }

// judge asks the plan and the library about a value of a type with a checker.
func judge(v reflect.Value) judged {
	p := reflect.New(v.Type())
	p.Elem().Set(v)
	j := judged{sure: newSure(v.Type(), "")(p.UnsafePointer())}
	panicked := attempt(func() { j.valid = rules().Struct(p.Interface()) == nil })
	j.valid = j.valid && panicked == nil
	return j
}

var sureTexts = []string{
	"", "a", "ab", "abc", "Abc1", "12", "-1.50", "+7", ".5", "5.", "1.2.3", "0x1F", "0x", "1f", "äö", "日本語", "a b", "\xff\xfe", "red", "green", "1", "01",
	"7f0c0f4e-3b1d-4f7e-9d0e-0a4c6f2b9a11", "7F0C0F4E-3B1D-4F7E-9D0E-0A4C6F2B9A11", "7f0c0f4e-3b1d-3f7e-1d0e-0a4c6f2b9a11",
	"7f0c0f4e-3b1d-5f7e-bd0e-0a4c6f2b9a11", "7f0c0f4e-3b1d-5f7e-cd0e-0a4c6f2b9a11", "7f0c0f4e-3b1d-4f7e-9d0e-0a4c6f2b9a1", "7f0c0f4e-3b1d-4f7e-9d0e-0a4c6f2b9a11\n",
	"a@b.example", "ada.l+x@mail.shop.example", "a@b", "a@b.c1", "a@-b.example", "a..b@c.example", "a@b..example", "a@b.example.", "A_b-c@1.io", "@b.io", "a@", "ä@b.io",
	strings.Repeat("x", 64) + "@b.io", "a@" + strings.Repeat("x", 70) + ".io", strings.Repeat("y", 300) + "@b.io", strings.Repeat("é", 10),
}

// sureRules are the rules whose meaning a plan knows in full: on these the two
// agree on every value.
var sureRules = []string{
	"required", "omitempty", "min=2", "max=2", "len=3", "gte=0", "lte=0x10", "gt=1", "lt=2", "eq=1", "ne=1", "min=-1", "gt=-3", "eq=red",
	"ne=red", "oneof=red green 1", "oneof=1 01 +2 -3", "uuid", "uuid3", "uuid4", "uuid5", "alpha", "alphanum", "numeric", "number", "hexadecimal",
}

// otherRules are those of which it knows a part, or nothing.
var otherRules = []string{
	"email", "oneof='a b' red", "eq=a|eq=b", "eq=a0x2Cb", "url", "omitempty,email", "omitzero,min=2", "omitnil,max=2", "isdefault", "unique",
	"required,dive,required", "dive,min=2", "omitempty,dive,omitempty,email", "structonly", "min=1s", "lowercase", "required_with=G", "-",
}

var sureTypes = []reflect.Type{
	reflect.TypeFor[string](), reflect.TypeFor[kindOfText](), reflect.TypeFor[bool](), reflect.TypeFor[int](), reflect.TypeFor[int8](), reflect.TypeFor[int16](),
	reflect.TypeFor[int32](), reflect.TypeFor[int64](), reflect.TypeFor[uint](), reflect.TypeFor[uint8](), reflect.TypeFor[uint16](), reflect.TypeFor[uint32](),
	reflect.TypeFor[uint64](), reflect.TypeFor[float32](), reflect.TypeFor[float64](), reflect.TypeFor[time.Duration](), reflect.TypeFor[[]string](),
	reflect.TypeFor[[]int](), reflect.TypeFor[map[string]string](), reflect.TypeFor[*string](), reflect.TypeFor[*int](), reflect.TypeFor[**int](),
	reflect.TypeFor[*[]string](), reflect.TypeFor[[]*string](), reflect.TypeFor[[2]int](), reflect.TypeFor[any](), reflect.TypeFor[time.Time](), reflect.TypeFor[*time.Time](),
}

// TestSureIsSound asks about one field of each type with up to three rules.
func TestSureIsSound(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	known := map[string]bool{}
	for _, rule := range sureRules {
		known[rule] = true
	}
	tried, sures, valids := 0, 0, 0
	for range 3000 {
		typ := sureTypes[r.IntN(len(sureTypes))]
		tags := []string{}
		for range r.IntN(3) + 1 {
			all := sureRules
			if r.IntN(4) == 0 {
				all = otherRules
			}
			tags = append(tags, all[r.IntN(len(all))])
		}
		tag := strings.Join(tags, ",")
		s := reflect.StructOf([]reflect.StructField{
			{Name: "F", Type: typ, Tag: reflect.StructTag(fmt.Sprintf("validate:%q", tag))},
			{Name: "G", Type: reflect.TypeFor[int]()},
		})
		if probeStruct(s) != nil {
			continue // a declaration error: no request gets so far
		}
		for range 20 {
			v := reflect.New(s).Elem()
			randomize(r, v.Field(0))
			j := judge(v)
			if tried++; j.sure && !j.valid {
				t.Fatalf("%v `%s` %#v: sure, but the library refuses it", typ, tag, v.Field(0))
			}
			sures, valids = sures+count(j.sure), valids+count(j.valid)
		}
	}
	t.Logf("%d values: the library takes %d, of which %d are sure", tried, valids, sures)
	if sures < tried/10 {
		t.Errorf("%d of %d values are sure: the test shows little", sures, tried)
	}
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// TestSureIsComplete asks about simple fields with one rule, on which the two
// must agree, or the hot path is not what it is for.
func TestSureIsComplete(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	tried, sures := 0, 0
	for _, typ := range sureTypes[:19] {
		for _, rule := range sureRules {
			s := reflect.StructOf([]reflect.StructField{{Name: "F", Type: typ, Tag: reflect.StructTag(fmt.Sprintf("validate:%q", rule))}})
			if probeStruct(s) != nil || typ.Kind() == reflect.Bool && rule != "required" && rule != "omitempty" {
				continue
			}
			if typ.Kind() != reflect.String && strings.HasPrefix(rule, "uuid") || strings.Contains("alpha alphanum hexadecimal", rule) && typ.Kind() != reflect.String ||
				typ.Kind() != reflect.String && typ.Kind() != reflect.Int && strings.HasPrefix(rule, "oneof") ||
				(typ.Kind() == reflect.Slice || typ.Kind() == reflect.Map) && strings.HasPrefix(rule, "num") {
				continue // rules about text, which nobody asks of other values
			}
			for range 40 {
				v := reflect.New(s).Elem()
				randomize(r, v.Field(0))
				j := judge(v)
				if tried++; j.sure != j.valid {
					t.Fatalf("%v `%s` %#v: sure is %v, the library says %v", typ, rule, v.Field(0), j.sure, j.valid)
				}
				sures += count(j.sure)
			}
		}
	}
	if sures < tried/4 || sures > tried*3/4 {
		t.Errorf("%d of %d values are valid: the test shows little", sures, tried)
	}
}

// randomize sets v to a value that rules may be about.
func randomize(r *rand.Rand, v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(sureTexts[r.IntN(len(sureTexts))])
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 0)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt([]int64{0, 0, 1, 2, 3, -1, -3, 16, 17, math.MinInt64, math.MaxInt64, int64(time.Second)}[r.IntN(12)])
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint([]uint64{0, 0, 1, 2, 3, 16, 17, math.MaxUint64}[r.IntN(8)])
	case reflect.Float32, reflect.Float64:
		v.SetFloat([]float64{0, math.Copysign(0, -1), 1, 1.5, 2, 3, -1, -3, 16, math.NaN(), math.Inf(1), math.Inf(-1), math.Nextafter(1, 2)}[r.IntN(13)])
	case reflect.Pointer:
		if r.IntN(4) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			randomize(r, v.Elem())
		}
	case reflect.Slice:
		if r.IntN(4) > 0 {
			v.Set(reflect.MakeSlice(v.Type(), r.IntN(4), 4))
		}
		for i := range v.Len() {
			randomize(r, v.Index(i))
		}
	case reflect.Array:
		for i := range v.Len() {
			randomize(r, v.Index(i))
		}
	case reflect.Map:
		if r.IntN(4) > 0 {
			v.Set(reflect.MakeMap(v.Type()))
			for range r.IntN(4) {
				key, elem := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
				randomize(r, key)
				randomize(r, elem)
				v.SetMapIndex(key, elem)
			}
		}
	case reflect.Interface:
		if all := []any{nil, true, 1.5, "a", []any{}, map[string]any{}, line{}, &line{}, pretender{}}; v.NumMethod() == 0 {
			if held := reflect.ValueOf(all[r.IntN(len(all))]); held.IsValid() {
				v.Set(held)
			}
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf([]time.Time{{}, time.Unix(0, 0).UTC(), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}[r.IntN(3)]))
			return
		}
		if r.IntN(8) == 0 || v.Type() == reflect.TypeFor[tree]() && r.IntN(3) > 0 {
			return
		}
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				randomize(r, v.Field(i))
			}
		}
	}
}

type line struct {
	SKU string `validate:"required,max=3"`
	Qty int    `validate:"gte=1,lte=16"`
}

// pretender has the library look at another value.
type pretender struct{ Text string }

func (p pretender) ValidatorValue() any { return "" }

type floats struct{ A, B float64 }

type tree struct {
	Name     string `validate:"omitempty,alphanum"`
	Children []tree `validate:"omitempty,max=2,dive"`
	Next     *tree
}

type page struct {
	Limit int `validate:"omitempty,min=1,max=16"`
}

type Inner struct {
	Text *string `validate:"required,min=1"`
}

// TestSureInside asks about structs in structs, lists and pointers. never says
// that no value with something in it is sure.
func TestSureInside(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		value any
		never bool
	}{
		{"plain", line{}, false},
		{"embedded", struct{ page }{}, false},
		{"embedded pointer", struct{ *Inner }{}, false},
		{"required struct", struct {
			A line `validate:"required"`
		}{}, false},
		{"required struct of optional fields", struct {
			A page `validate:"required"`
		}{}, false},
		{"required struct of floats", struct {
			A floats `validate:"required"`
		}{}, true},
		{"optional struct", struct {
			A line `validate:"omitempty"`
		}{}, false},
		{"required pointer", struct {
			A *line `validate:"required"`
		}{}, false},
		{"optional pointer", struct {
			A *line `validate:"omitempty"`
		}{}, false},
		{"pointer to a pointer", struct {
			A **line `validate:"omitempty,required"`
		}{}, false},
		{"no rules", struct {
			A line
			B *line
			C []line // no dive: the library does not look into it
		}{}, false},
		{"skipped", struct {
			A page
			B line `validate:"-"`
		}{}, false},
		{"dive", struct {
			A []line `validate:"required,min=1,dive"`
		}{}, false},
		{"dive into pointers", struct {
			A []*line `validate:"dive,required"`
			B []*page `validate:"dive"`
		}{}, false},
		{"dive into lists", struct {
			A [][]string `validate:"dive,min=1,dive,required"`
		}{}, false},
		{"dive into a pointer to a list", struct {
			A *[]page `validate:"omitempty,max=2,dive"`
		}{}, false},
		{"dive into a map", struct {
			A map[string]line `validate:"dive"`
		}{}, false},
		{"keys", struct {
			A map[string]string `validate:"omitempty,dive,keys,alpha,endkeys,required"`
		}{}, false},
		{"dive into an array", struct {
			A [2]line `validate:"dive"`
		}{}, true},
		{"any", struct {
			A any
			B page
		}{}, false},
		{"another value", struct {
			A pretender `validate:"required"`
		}{}, true},
		{"times", struct {
			A time.Time  `validate:"required"`
			B *time.Time `validate:"required"`
			C time.Time
		}{}, false},
		{"a type of itself", tree{}, false},
		{"a rule beside an unknown one", struct {
			A string `validate:"required,lowercase"`
		}{}, true},
		{"struct only", struct {
			A line `validate:"structonly"`
		}{}, true},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(5, uint64(i)))
			sures, valids := 0, 0
			for range 3000 {
				v := reflect.New(reflect.TypeOf(tt.value)).Elem()
				randomize(r, v)
				j := judge(v)
				if j.sure && !j.valid {
					t.Fatalf("%+v: sure, but the library refuses it", v)
				}
				sures, valids = sures+count(j.sure), valids+count(j.valid)
			}
			t.Logf("the library takes %d of 3000, of which %d are sure", valids, sures)
			if (sures == 0) != tt.never {
				t.Errorf("%d values are sure, want none: %v", sures, tt.never)
			}
		})
	}
}

// FuzzSureText asks about texts.
func FuzzSureText(f *testing.F) {
	rulesOfText := []string{"uuid", "uuid3", "uuid4", "uuid5", "email", "alpha", "alphanum", "numeric", "number", "hexadecimal"}
	for _, text := range sureTexts {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, rule := range rulesOfText {
			valid := rules().Var(text, rule) == nil
			if got := sureText(rule)(text); got && !valid || got != valid && rule != "email" {
				t.Errorf("%s %q: sure is %v, the library says %v", rule, text, got, valid)
			}
		}
	})
}
