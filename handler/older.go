package handler

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// Older is an operation as clients of an older version know it, so that its function
// knows the newest one only:
//
//	place := handler.New(svc.place) // takes an orderV3, gives a receiptV2
//	v3.Handle("POST /orders", place)
//	v2.Handle("POST /orders", handler.Older(place, handler.Upgrade(orderV2.upgrade)))
//	v1.Handle("POST /orders", handler.Older(place,
//		handler.Upgrade(orderV1.upgrade), handler.Upgrade(orderV2.upgrade),
//		handler.Downgrade(receiptV2.downgrade)))
//
// A request is bound to the In of the first [Upgrade] and validated as such, as [New]
// says: path, query, headers and body can all be others than they are now. Then it goes
// through the upgrades, the oldest first, and what they make of it is validated by the
// rules of the newest In, and by its method Validate. Its default tags say nothing here,
// for nothing is absent. The Out goes through the downgrades, the newest first. Where a
// step is left out the type is the same in both versions. Types that do not follow each
// other are an error of [Operation.Compile] and of [Operation.Describe].
//
// # Errors
//
// What is wrong with a request is told in the client's own words, those of the oldest
// In: a field that it has too is called the same, one that was [Renamed] as it was
// before, and of any other one the next part above it that it has, "body" in the end, or
// "request" where it has no such part at all. That counts for the fields of errors that
// the function returns, too. An upgrade that returns an [*Error], see [Invalid], names
// the fields of the type it takes; any other error of it answers 400 without its text. An
// error of a downgrade answers 500.
//
// # What it has in common
//
// Options are those of op, its example goes through the downgrades, and its problem
// documents are the same in all versions. [Operation.Describe] describes the older types.
// A stream of lines is downgraded by [DowngradeItems]; other streams pass as they are.
//
// op may be older itself.
func Older(op *Operation, steps ...Step) *Operation {
	if op == nil {
		op = New[struct{}, struct{}](nil)
	}
	o := &older{newer: op}
	for _, s := range steps {
		if s != nil {
			s.applyStep(o)
		} else {
			o.mistakes = append(o.mistakes, errors.New("handler.Older: a step is nil; leave it out"))
		}
	}
	old := &Operation{in: op.in, out: op.out, older: o, settings: op.settings}
	old.typed = typed{o.work, op.newIn, op.newOut}
	if len(o.ups) > 0 {
		old.in, old.newIn = o.ups[0].from, o.ups[0].newFrom
	}
	if len(o.downs) > 0 {
		last := o.downs[len(o.downs)-1]
		old.out, old.newOut = last.to, last.newTo
	}
	old.call = func(ctx context.Context, req *Request) (*Response, error) {
		in, out := old.newIn(), old.newOut()
		if err := old.input.bind(ctx, req, in); err != nil {
			return nil, err
		}
		if err := old.work(ctx, in, out); err != nil {
			return nil, old.declared(err)
		}
		resp, err := old.output.respond(out)
		if err != nil {
			return nil, old.declared(err)
		}
		return resp, nil
	}
	return old
}

// older is what is between an operation and the newer one.
type older struct {
	newer    *Operation
	ups      []conversion // the oldest first
	downs    []conversion // the newest first
	input    *input       // of the older one
	mistakes []error
}

// read reads the newer operation, and finds what is wrong with the steps.
func (o *older) read(old *Operation) error {
	o.newer.once.Do(o.newer.read)
	errs := append(o.mistakes, o.newer.err)
	if o.newer.work == nil {
		errs = append(errs, errors.New("handler.Older: there is no operation with a function; give it what handler.New made"))
	}
	if o.newer.decode != nil && len(o.ups) > 0 {
		errs = append(errs, errors.New("handler.Older: the operation has a handler.Decode, which reads the newest body only; do without upgrades"))
	}
	have := old.in
	for _, c := range o.ups {
		errs = append(errs, c.follows(have, "Upgrade"))
		have = c.to
	}
	if have != o.newer.in {
		errs = append(errs, fmt.Errorf("handler.Older: the upgrades end with %v, and the operation takes %v; write a handler.Upgrade between these", have, o.newer.in))
	}
	have = o.newer.out
	for _, c := range o.downs {
		errs = append(errs, c.follows(have, "Downgrade"))
		have = c.to
	}
	err := errors.Join(errs...)
	if err == nil {
		err = o.example(old)
	}
	return err
}

// example makes that of the older operation.
func (o *older) example(old *Operation) error {
	if len(o.newer.examples) == 0 || len(o.downs) == 0 {
		return nil
	}
	example := old.newOut()
	var err error
	if p := attempt(func() { err = o.downgrade(o.newer.examples[0], example) }); p != nil {
		err = p
	}
	if err != nil {
		return fmt.Errorf("handler.Older: the example: %w", err)
	}
	old.examples = []any{example}
	return nil
}

// work runs the newer operation: in and out are pointers of the older types.
func (o *older) work(ctx context.Context, in, out any) error {
	in, err := o.upgrade(in)
	if err != nil {
		return err
	}
	if len(o.ups) > 0 {
		if err := o.newer.input.accept(ctx, in, &failures{}); err != nil {
			return o.named(err, len(o.ups))
		}
	}
	result := out
	if len(o.downs) > 0 {
		result = o.newer.newOut()
	}
	if err := o.newer.work(ctx, in, result); err != nil {
		return o.named(err, len(o.ups))
	}
	return o.downgrade(result, out)
}

func (o *older) upgrade(in any) (any, error) {
	for i, c := range o.ups {
		next := c.newTo()
		if err := c.convert(in, next); err != nil {
			if e := (*Error)(nil); !errors.As(err, &e) {
				err = (&Error{Status: http.StatusBadRequest, Message: "the request is not valid"}).Wrap(err)
			}
			return nil, o.named(err, i)
		}
		in = next
	}
	return in, nil
}

// downgrade makes out of result, which is out itself if there is nothing to do.
func (o *older) downgrade(result, out any) error {
	for i, c := range o.downs {
		next := out
		if i < len(o.downs)-1 {
			next = c.newTo()
		}
		if err := c.convert(result, next); err != nil {
			return fmt.Errorf("downgrade to %v: %v", c.to, err) // an *Error in it would be told to the client
		}
		result = next
	}
	return nil
}

// accept validates an input, v being a *In, of which fails is what is known already.
func (in *input) accept(ctx context.Context, v any, fails *failures) error {
	if in.check != nil {
		if err := in.check.run(ctx, v, fails); err != nil {
			return err
		}
	}
	if len(fails.fields) > 0 {
		return fails.answer()
	}
	if in.validates {
		return in.validate(ctx, v)
	}
	return nil
}
