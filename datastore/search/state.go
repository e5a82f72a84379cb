package search

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"unicode"
	"unicode/utf8"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/message"
)

// state is what all handles of an index share.
type state struct {
	*handle.State[Conn]
	spec   Spec
	layout layout
}

// newState declares the index.
func newState(data *datastore.Data, doc reflect.Type, name string, service Service) *state {
	fields, errs := fieldsOf(doc)
	for i, err := range errs {
		errs[i] = fmt.Errorf("index %s: %w", name, err)
	}
	if service != Domain && service != Serverless {
		errs = append(errs, fmt.Errorf("index %s: service %q; write search.Domain or search.Serverless", name, service))
	}
	spec := Spec{Logical: name, Service: service, Layout: layoutOf(fields)}
	return &state{handle.New(data, spec, func(ctx context.Context, driver Driver) (Conn, error) {
		return driver.OpenIndex(ctx, data, spec)
	}, errs...), spec, newLayout(fields)}
}

func (s *state) get(ctx context.Context, op handle.Op, id string, into any) error {
	return s.Run(ctx, op, func() error { return checkID(id) }, func(ctx context.Context, conn Conn) error {
		doc, err := conn.Get(ctx, id)
		switch {
		case err != nil:
			return err
		case doc == nil:
			return datastore.ErrNotFound
		}
		if err := json.Unmarshal(doc, into); err != nil {
			return corruptDoc(err)
		}
		return nil
	})
}

// write stores doc, or deletes if it is nil.
func (s *state) write(ctx context.Context, op handle.Op, w *Write, doc any, opts []WriteOption) error {
	wrong := handle.Apply(opts, func(o WriteOption) { o.applyWrite(w) })
	return s.Run(ctx, op, func() error {
		if wrong != nil {
			return wrong
		}
		if err := s.checkWait(w.Wait); err != nil {
			return err
		}
		return prepare(w, doc, new(message.Texts))
	}, func(ctx context.Context, conn Conn) error { return conn.Write(ctx, *w) })
}

func (s *state) checkWait(wait bool) error {
	if wait && s.spec.Service == Serverless {
		return invalid("Wait: a serverless collection does not offer to wait until a write is seen; leave it out")
	}
	return nil
}

// prepare checks a write and makes the JSON of its document, nil for a delete, which
// it adds to texts.
func prepare(w *Write, doc any, texts *message.Texts) error {
	if err := checkID(w.ID); err != nil {
		return err
	}
	if w.Version < 0 {
		return invalid("the version is not 1 or more")
	}
	if doc == nil {
		return nil
	}
	var err error
	if w.Doc, err = texts.Add(doc); err != nil {
		if value, ok := errors.AsType[*json.UnsupportedValueError](err); ok { // NaN, say
			return invalid("the document has no JSON: %w", value)
		}
		return err
	}
	if len(w.Doc) > MaxDocument {
		return &datastore.Error{Kind: datastore.ErrTooLarge, Err: fmt.Errorf("the document has %d bytes of JSON, over %d", len(w.Doc), MaxDocument)}
	}
	return nil
}

// checkID refuses what has no place in the path of a URL or in the index.
func checkID(id string) error {
	switch {
	case id == "":
		return invalid("the id is empty")
	case len(id) > MaxID:
		return invalid("the id has %d bytes, over %d", len(id), MaxID)
	case id == "." || id == "..":
		return invalid("the id %q is no place in a URL", id)
	case !utf8.ValidString(id):
		return invalid("the id is not UTF-8")
	}
	for _, c := range id {
		if unicode.IsControl(c) {
			return invalid("the id has the control character %#U", c)
		}
	}
	return nil
}

// bulk makes n changes, which at gives with their documents, nil for a delete.
func (s *state) bulk(ctx context.Context, op handle.Op, n int, at func(int) (Write, any), opts []BulkOption) error {
	wait := false
	wrong := handle.Apply(opts, func(o BulkOption) { o.applyBulk(&wait) })
	if n == 0 {
		return op.Grant.Check(ctx, op.Bit, op.Name)
	}
	writes := make([]Write, n)
	return s.Run(ctx, op, func() error {
		if wrong != nil {
			return wrong
		}
		if err := s.checkWait(wait); err != nil {
			return err
		}
		return prepareAll(writes, at)
	}, func(ctx context.Context, conn Conn) error {
		b := message.Batch[Write, struct{}]{
			Limits: message.Limits{Items: MaxBulk, Bytes: MaxBulkBytes},
			Size:   func(w Write) int { return w.Size() },
			Send:   func(ws []Write) ([]struct{}, error) { return nil, conn.Bulk(ctx, ws, wait) },
		}
		_, err := b.Run(writes)
		return err
	})
}

func prepareAll(writes []Write, at func(int) (Write, any)) error {
	seen := make(map[string]bool, len(writes))
	var texts message.Texts
	for i := range writes {
		w := &writes[i]
		var doc any
		*w, doc = at(i)
		if err := prepare(w, doc, &texts); err != nil {
			return message.Item(i, err)
		}
		if seen[w.ID] {
			return message.Item(i, invalid("its id comes twice; make the changes of one document in one Bulk after the other"))
		}
		seen[w.ID] = true
	}
	return nil
}

var errPlace = errors.New("a hit has no place in the order of the answer")

// search finds one page, and the token of the next.
func (s *state) search(ctx context.Context, op handle.Op, q Query) (page Page, next datastore.Token, err error) {
	var p PageQuery
	err = s.Run(ctx, op, func() (err error) {
		p, err = s.page(q)
		return err
	}, func(ctx context.Context, conn Conn) (err error) {
		if page, err = conn.Search(ctx, p); err != nil || len(page.Hits) < p.Limit || p.Limit == 0 {
			return err
		}
		place := page.Hits[len(page.Hits)-1].Place
		if len(place) == 0 {
			return &datastore.Error{Kind: datastore.ErrUnavailable, Err: errPlace}
		}
		next = sealToken(place, p)
		return nil
	})
	return page, next, err
}
