package handler

import (
	"fmt"
	"reflect"
)

// Step is one between two versions of an operation: [Upgrade] or [Downgrade],
// [DowngradeItems].
type Step interface{ applyStep(o *older) }

// Upgrade makes the In of a version of the one before. Each Renamed says what a part of
// it was called before, for errors.
func Upgrade[Old, New any](fn func(Old) (New, error), renamed ...Renamed) Step {
	c := newConversion(fn)
	c.renamed = renamed
	return upgrade(c)
}

// Downgrade makes the Out of a version of the one after. The answer is made only
// afterwards, so an error answers 500.
func Downgrade[New, Old any](fn func(New) (Old, error)) Step { return downgrade(newConversion(fn)) }

// DowngradeItems is a [Downgrade] of the items of a stream, each when it is sent.
func DowngradeItems[New, Old any](fn func(New) (Old, error)) Step {
	if fn == nil {
		return Downgrade[NDJSON[New], NDJSON[Old]](nil)
	}
	return Downgrade(func(all NDJSON[New]) (NDJSON[Old], error) {
		if all == nil {
			return nil, nil
		}
		return func(yield func(Old, error) bool) {
			for item, err := range all {
				var old Old
				if err == nil {
					old, err = fn(item)
				}
				if !yield(old, err) {
					return
				}
			}
		}, nil
	})
}

type (
	upgrade   conversion
	downgrade conversion
)

func (u upgrade) applyStep(o *older)   { o.ups = append(o.ups, conversion(u)) }
func (d downgrade) applyStep(o *older) { o.downs = append(o.downs, conversion(d)) }

// conversion is a step as it is run.
type conversion struct {
	from, to       reflect.Type
	newFrom, newTo func() any
	convert        func(from, to any) error // of pointers; nil if there is no function
	renamed        []Renamed
}

func newConversion[From, To any](fn func(From) (To, error)) conversion {
	c := conversion{from: reflect.TypeFor[From](), to: reflect.TypeFor[To]()}
	c.newFrom, c.newTo = func() any { return new(From) }, func() any { return new(To) }
	if fn != nil {
		c.convert = func(from, to any) (err error) {
			*to.(*To), err = fn(*from.(*From))
			return err
		}
	}
	return c
}

// follows says what is wrong with a step that comes where there is a have.
func (c conversion) follows(have reflect.Type, what string) error {
	switch {
	case c.convert == nil:
		return fmt.Errorf("handler.%s: the function from %v to %v is nil", what, c.from, c.to)
	case c.from != have:
		return fmt.Errorf("handler.Older: a handler.%s takes %v where there is %v; write one between these, or put the steps in order", what, c.from, have)
	}
	return nil
}
