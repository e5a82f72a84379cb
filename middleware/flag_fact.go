package middleware

import (
	"cmp"
	"context"
	"log/slog"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// facts are what rules can ask for beside what is given to [Flag.Get]. That is handed on
// apart from them, so that the list of it stays on the stack of who gives it.
type facts struct {
	ctx  context.Context
	view *flagView // nil outside of the middleware
	now  func() time.Time
}

// get is the fact called key. What is given counts before what the framework knows,
// that before what was noted, and claims of the caller come last: nobody who issues
// tokens can say who is calling in another way.
func (f *facts) get(key string, given []slog.Attr) fact {
	for i := range given {
		if given[i].Key == key {
			return factOf(given[i].Value)
		}
	}
	switch key {
	case "now":
		return fact{kind: factTime, at: f.now()}
	case noteTenant:
		tenant, _ := datastore.Tenant(f.ctx)
		return textFact(tenant)
	}
	if f.view != nil {
		if known, reserved := f.view.fact(key); reserved && known.kind != factNone {
			return known
		}
	}
	if noted, ok := notesOf(f.ctx).attr(key); ok {
		return factOf(noted)
	}
	if f.view != nil && !isReserved(key) {
		if claim, ok := f.view.who().Claims[key]; ok {
			return textFact(claim)
		}
	}
	return fact{}
}

// isReserved reports whether no claim is looked for by that name.
func isReserved(key string) bool {
	switch key {
	case noteCaller, noteVersion, "groups", "scopes":
		return true
	}
	return false
}

// fact is what the request of the middleware says, if key is one of its own.
func (v *flagView) fact(key string) (f fact, reserved bool) {
	switch key {
	case noteCaller:
		return textFact(v.who().ID), true
	case noteVersion:
		return textFact(v.req.Version()), true
	case "groups":
		return listFact(v.who().Groups), true
	case "scopes":
		return listFact(v.who().Scopes), true
	}
	return fact{}, false
}

// attr is the value of a note.
func (n *notes) attr(key string) (slog.Value, bool) {
	if n == nil {
		return slog.Value{}, false
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if i := n.find(noteKey(key)); i >= 0 {
		return n.list[i].Value, true
	}
	return slog.Value{}, false
}

type factKind uint8

const (
	factNone factKind = iota
	factText
	factInt
	factFloat
	factBool
	factTime
	factList
)

// fact is a value in a rule.
type fact struct {
	kind  factKind
	is    bool
	text  string
	whole int64
	float float64
	at    time.Time
	list  []string
}

// textFact is nothing for "": who is not known has no name.
func textFact(s string) fact {
	if s == "" {
		return fact{}
	}
	return fact{kind: factText, text: s}
}

func listFact(list []string) fact {
	if len(list) == 0 {
		return fact{}
	}
	return fact{kind: factList, list: list}
}

// factOf is the value of an attribute, nothing for one that rules know nothing about.
func factOf(v slog.Value) fact {
	switch v.Kind() {
	case slog.KindString:
		return fact{kind: factText, text: v.String()}
	case slog.KindInt64:
		return fact{kind: factInt, whole: v.Int64()}
	case slog.KindUint64:
		if u := v.Uint64(); u > math.MaxInt64 {
			return fact{kind: factFloat, float: float64(u)}
		}
		return fact{kind: factInt, whole: int64(v.Uint64())}
	case slog.KindFloat64:
		return fact{kind: factFloat, float: v.Float64()}
	case slog.KindBool:
		return fact{kind: factBool, is: v.Bool()}
	case slog.KindTime:
		return fact{kind: factTime, at: v.Time()}
	case slog.KindAny:
		if list, ok := v.Any().([]string); ok {
			return listFact(list)
		}
	}
	return fact{}
}

// String is the fact as text, "" for a list.
func (f fact) String() string {
	switch f.kind {
	case factText:
		return f.text
	case factInt:
		return strconv.FormatInt(f.whole, 10)
	case factFloat:
		return strconv.FormatFloat(f.float, 'g', -1, 64)
	case factBool:
		return strconv.FormatBool(f.is)
	case factTime:
		return f.at.UTC().Format(time.RFC3339Nano)
	}
	return ""
}

func (f fact) boolean() (is, ok bool) {
	switch {
	case f.kind == factBool:
		return f.is, true
	case f.kind == factText && (f.text == "true" || f.text == "false"):
		return f.text == "true", true
	}
	return false, false
}

// equal compares two facts as the one of them that is no text.
func (f fact) equal(other fact) bool {
	if f.kind == factBool || other.kind == factBool {
		a, ok := f.boolean()
		b, both := other.boolean()
		return ok && both && a == b
	}
	order, ok := f.order(other)
	return ok && order == 0
}

// order is less than 0, 0 or more than 0 as f is less than other, equal or greater; ok is
// false if neither can be told.
func (f fact) order(other fact) (order int, ok bool) {
	either := func(kind factKind) bool { return f.kind == kind || other.kind == kind }
	switch {
	case either(factNone) || either(factList) || either(factBool):
		return 0, false
	case either(factTime):
		a, ok := f.time()
		b, both := other.time()
		return a.Compare(b), ok && both
	case either(factInt) || either(factFloat):
		a, ok := f.number()
		b, both := other.number()
		if a.kind == factInt && b.kind == factInt {
			return cmp.Compare(a.whole, b.whole), ok && both
		}
		return cmp.Compare(a.asFloat(), b.asFloat()), ok && both
	}
	return strings.Compare(f.text, other.text), true
}

func (f fact) time() (time.Time, bool) {
	if f.kind == factText {
		return moment(f.text)
	}
	return f.at, f.kind == factTime
}

func (f fact) number() (fact, bool) {
	if f.kind == factText {
		return number(f.text)
	}
	// NaN has no place among numbers.
	return f, f.kind == factInt || f.kind == factFloat && !math.IsNaN(f.float)
}

func (f fact) asFloat() float64 {
	if f.kind == factInt {
		return float64(f.whole)
	}
	return f.float
}

// number reads an integer of 64 bits, or a decimal fraction.
func number(s string) (fact, bool) {
	if s == "" || strings.Trim(s, "+-.0123456789eE") != "" {
		return fact{}, false // what strconv would take beside: NaN, Inf, 0x1p-2
	}
	if whole, err := strconv.ParseInt(s, 10, 64); err == nil {
		return fact{kind: factInt, whole: whole}, true
	}
	float, err := strconv.ParseFloat(s, 64)
	return fact{kind: factFloat, float: float}, err == nil
}

// moments are the forms of a timestamp, with the fractions of seconds that package time
// reads in any.
//
// See https://www.w3.org/TR/NOTE-datetime
var moments = [...]string{"2006", "2006-01", "2006-01-02", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z07:00"}

func moment(s string) (time.Time, bool) {
	for _, form := range moments {
		if at, err := time.Parse(form, s); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}
