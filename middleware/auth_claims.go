package middleware

import (
	"context"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// Claims reads the claims of the caller into a T, a struct, which [ClaimsFrom] gives to
// handlers: those of a token, or the context that a Lambda authorizer has passed on. A
// field names its claim; "required" is one without which nobody gets in:
//
//	type identity struct {
//		Tenant string    `claim:"tenant,required"`
//		Plan   string    `claim:"plan"`
//		Limit  int       `claim:"limit"`
//		Roles  []string  `claim:"roles"` // of ["a","b"], "[a b]" or "a b"
//		Since  time.Time `claim:"auth_time"`
//	}
//
// Front doors give claims as text, so this is what numbers, booleans and lists are read
// from; a time is RFC 3339 or seconds since 1970; a type with UnmarshalText reads itself,
// and every other one is read from JSON. A claim that is not there leaves its field zero.
//
//	nobody was verified                                      401, code "unauthenticated"
//	a required claim is missing, or one is of another type   403, code "forbidden"
//
// Panics with a [*datastore.DeclarationError] if T is no struct, or has a field that
// cannot be a claim.
func Claims[T any]() handler.Middleware {
	plan, err := claimPlan(reflect.TypeFor[T]())
	if err != nil {
		misdeclared("Claims: %v", err)
	}
	none := unauthenticated("unauthenticated", "this is for callers who are known", "")
	return func(next handler.Handler) handler.Handler {
		return handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
			caller := req.Caller()
			if caller.Anonymous() {
				return nil, none.Wrap(nil)
			}
			claims := new(T)
			if err := plan.read(caller.Claims, reflect.ValueOf(claims).Elem()); err != nil {
				return nil, forbidden(err)
			}
			return next.Handle(context.WithValue(ctx, claimsKey[T]{}, claims), req)
		})
	}
}

// ClaimsFrom are the claims that [Claims] of the same T has read; ok is false where it does
// not stand before the handler.
func ClaimsFrom[T any](ctx context.Context) (claims T, ok bool) {
	if p, _ := ctx.Value(claimsKey[T]{}).(*T); p != nil {
		return *p, true
	}
	return claims, false
}

type claimsKey[T any] struct{}

// claimFields are the fields of a struct that are claims.
type claimFields []claimField

type claimField struct {
	index    int
	name     string
	required bool
	set      func(v reflect.Value, text string) error
}

func claimPlan(t reflect.Type) (claimFields, error) {
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("%s is no struct; write one with tags claim:%q", t, "name")
	}
	var fields claimFields
	seen := map[string]bool{}
	for i := range t.NumField() {
		f := t.Field(i)
		tag, ok := f.Tag.Lookup("claim")
		if !ok {
			continue
		}
		name, option, _ := strings.Cut(tag, ",")
		switch {
		case name == "" || option != "" && option != "required":
			return nil, fmt.Errorf("field %s: the tag is claim:%q; write claim:%q or claim:%q", f.Name, tag, "name", "name,required")
		case !f.IsExported():
			return nil, fmt.Errorf("field %s cannot be set; write it with a capital letter", f.Name)
		case seen[name]:
			return nil, fmt.Errorf("field %s: another field is claim %q already", f.Name, name)
		}
		seen[name] = true
		set, err := claimSetter(f.Type)
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", f.Name, err)
		}
		fields = append(fields, claimField{i, name, option != "", set})
	}
	if len(fields) == 0 {
		return nil, fmt.Errorf("%s has no field with a tag claim:%q", t, "name")
	}
	return fields, nil
}

// read fills a struct. Its errors name the claim and not what is in it.
func (fields claimFields) read(claims map[string]string, v reflect.Value) error {
	for _, f := range fields {
		text, ok := claims[f.name]
		switch {
		case (!ok || text == "") && f.required:
			return fmt.Errorf("claims: %q is missing", f.name)
		case !ok:
			continue
		}
		if err := f.set(v.Field(f.index), text); err != nil {
			return fmt.Errorf("claims: %q is no %s", f.name, v.Field(f.index).Type())
		}
	}
	return nil
}

var (
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
	timeType        = reflect.TypeFor[time.Time]()
)

// claimSetter reads a text into a value of a type.
func claimSetter(t reflect.Type) (func(reflect.Value, string) error, error) {
	switch {
	case t == timeType:
		return setTime, nil
	case reflect.PointerTo(t).Implements(textUnmarshaler):
		return func(v reflect.Value, text string) error {
			into, _ := reflect.TypeAssert[encoding.TextUnmarshaler](v.Addr())
			return into.UnmarshalText([]byte(text))
		}, nil
	}
	switch t.Kind() {
	case reflect.String:
		return func(v reflect.Value, text string) error { v.SetString(text); return nil }, nil
	case reflect.Bool:
		return setBool, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return setInt, nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return setUint, nil
	case reflect.Float32, reflect.Float64:
		return setFloat, nil
	case reflect.Chan, reflect.Func, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer, reflect.Uintptr:
		return nil, fmt.Errorf("%s cannot be read from a text", t)
	}
	if t == reflect.TypeFor[[]string]() {
		return func(v reflect.Value, text string) error {
			v.Set(reflect.ValueOf(wordsOf(text)))
			return nil
		}, nil
	}
	return func(v reflect.Value, text string) error { return json.Unmarshal([]byte(text), v.Addr().Interface()) }, nil
}

var errNoClaim = errors.New("it is of another type")

func setBool(v reflect.Value, text string) error {
	if text != "true" && text != "false" {
		return errNoClaim
	}
	v.SetBool(text == "true")
	return nil
}

func setInt(v reflect.Value, text string) error {
	n, err := strconv.ParseInt(text, 10, v.Type().Bits())
	v.SetInt(n)
	return err
}

func setUint(v reflect.Value, text string) error {
	n, err := strconv.ParseUint(text, 10, v.Type().Bits())
	v.SetUint(n)
	return err
}

func setFloat(v reflect.Value, text string) error {
	n, err := strconv.ParseFloat(text, v.Type().Bits())
	v.SetFloat(n)
	return err
}

func setTime(v reflect.Value, text string) error {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		seconds, notWhole := strconv.ParseInt(text, 10, 64)
		if notWhole != nil || seconds < 0 || seconds > 253402300799 {
			return errNoClaim
		}
		at = time.Unix(seconds, 0)
	}
	v.Set(reflect.ValueOf(at.UTC()))
	return nil
}
