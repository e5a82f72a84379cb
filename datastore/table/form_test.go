package table_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filetable"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/datastore/table/tabletest"
)

// pairs are attributes in the form of a client that has no maps, series elements.
type (
	pairs struct {
		names  []string
		values []table.Value
	}
	series struct{ values []table.Value }
)

var (
	_ table.AttributeSetter = (*pairs)(nil)
	_ table.ElementSetter   = (*series)(nil)
)

func (p *pairs) Len() int { return len(p.names) }

func (p *pairs) Find(name string) (v table.Value, ok bool) {
	i := slices.Index(p.names, name)
	if i < 0 {
		return v, false
	}
	return p.values[i], true
}

func (p *pairs) All(yield func(string, table.Value) bool) {
	for i, name := range p.names {
		if !yield(name, p.values[i]) {
			return
		}
	}
}

func (p *pairs) Set(name string, v table.Value) {
	p.names, p.values = append(p.names, name), append(p.values, v)
}

func (s *series) Len() int                 { return len(s.values) }
func (s *series) At(i int) table.Value     { return s.values[i] }
func (s *series) Set(i int, v table.Value) { s.values[i] = v }

// paired is the embedded driver, with a client of that form.
type paired struct{ *filetable.Driver }

var (
	_ table.Driver = paired{}
	_ table.Former = paired{}
)

func (p paired) Form() table.Form { return pairsForm{} }

type pairsForm struct{}

func (pairsForm) NewItem(n int) table.AttributeSetter { return &pairs{names: make([]string, 0, n)} }
func (pairsForm) NewList(_ table.Type, n int) table.ElementSetter {
	return &series{make([]table.Value, n)}
}

func (p paired) OpenTable(ctx context.Context, data *datastore.Data, spec table.Spec) (table.Conn, error) {
	conn, err := p.Driver.OpenTable(ctx, data, spec)
	return &pairedConn{conn}, err
}

type pairedConn struct{ table.Conn }

// inPairs is what was read in the client's form, at every level.
func inPairs(a table.Attributes) table.Attributes {
	if a == nil {
		return nil
	}
	p := &pairs{}
	for name, v := range a.All {
		p.Set(name, valueInPairs(v))
	}
	return p
}

func valueInPairs(v table.Value) table.Value {
	item, list := v.Contents()
	switch {
	case item != nil:
		return table.MapOf(inPairs(item))
	case list != nil:
		s := &series{}
		for i := range list.Len() {
			s.values = append(s.values, valueInPairs(list.At(i)))
		}
		return table.ListOf(v.Type(), s)
	}
	return v
}

func allInPairs(items []table.Attributes) []table.Attributes {
	for i := range items {
		items[i] = inPairs(items[i])
	}
	return items
}

func (c *pairedConn) Get(ctx context.Context, key table.Attributes, read table.Read) (table.Attributes, error) {
	item, err := c.Conn.Get(ctx, key, read)
	return inPairs(item), err
}

func (c *pairedConn) GetMany(ctx context.Context, keys []table.Attributes, read table.Read) ([]table.Attributes, error) {
	items, err := c.Conn.GetMany(ctx, keys, read)
	return allInPairs(items), err
}

func (c *pairedConn) Query(ctx context.Context, q table.PageQuery) (table.PageResult, error) {
	page, err := c.Conn.Query(ctx, q)
	page.Items = allInPairs(page.Items)
	return page, err
}

func (c *pairedConn) Scan(ctx context.Context, q table.PageScan) (table.PageResult, error) {
	page, err := c.Conn.Scan(ctx, q)
	page.Items = allInPairs(page.Items)
	return page, err
}

var errForm = errors.New("an item is not in the form of the driver")

func (c *pairedConn) Write(ctx context.Context, w table.Write) error {
	if _, ok := w.Keyed().(*pairs); !ok {
		return errForm
	}
	return c.Conn.Write(ctx, w)
}

func (c *pairedConn) Update(ctx context.Context, w table.Write) (table.Attributes, error) {
	if _, ok := w.Keyed().(*pairs); !ok {
		return nil, errForm
	}
	item, err := c.Conn.Update(ctx, w)
	return inPairs(item), err
}

func (c *pairedConn) Transact(ctx context.Context, tx table.Transaction) error {
	bare := table.Transaction{Token: tx.Token, Writes: slices.Clone(tx.Writes)}
	for i, w := range bare.Writes {
		if own, ok := w.Conn.(*pairedConn); ok {
			bare.Writes[i].Conn = own.Conn
		}
	}
	err := c.Conn.Transact(ctx, bare)
	for i, w := range bare.Writes {
		tx.Writes[i].Stored = inPairs(w.Stored)
	}
	return err
}

// TestConformanceForm: nothing depends on the form in which a driver has items.
func TestConformanceForm(t *testing.T) {
	t.Parallel()
	tabletest.Run(t, func(testing.TB, table.Spec) *datastore.Data {
		return datastore.New([]datastore.Driver{paired{filetable.Memory()}}, nil)
	})
}

// TestValueInForm: a Value means the same in whatever form what it contains is,
// and what is kept of it by the application is in that of this package.
func TestValueInForm(t *testing.T) {
	t.Parallel()
	set, err := table.Set(table.String("a"), table.String("b"))
	if err != nil {
		t.Fatal(err)
	}
	plain := table.Map(table.Item{"l": table.List(table.Int(1), table.Map(table.Item{"s": set})), "n": table.Null()})
	foreign := valueInPairs(plain)
	if !foreign.Equal(plain) || !plain.Equal(foreign) {
		t.Error("a value is not equal to the same in another form")
	}
	a, errA := plain.MarshalJSON()
	b, errB := foreign.MarshalJSON()
	if errA != nil || errB != nil || string(a) != string(b) {
		t.Errorf("as JSON: %s, %v, in another form %s, %v", a, errA, b, errB)
	}
	if got, want := (table.Item{"v": foreign}).Size(), (table.Item{"v": plain}).Size(); got != want {
		t.Errorf("Size = %d in another form, want %d", got, want)
	}
	type item struct {
		V table.Value
		I table.Item
	}
	codec, err := table.NewCodec[item]()
	if err != nil {
		t.Fatal(err)
	}
	got, err := codec.Decode(table.Item{"V": foreign, "I": foreign})
	if diff := cmp.Diff(item{plain, plain.Attributes()}, got); err != nil || diff != "" {
		t.Errorf("Decode: %v (-want +got):\n%s", err, diff)
	}
	if _, list := got.V.Attributes()["l"].Contents(); !isValues(list) {
		t.Errorf("a list that was read is a %T, want table.Values", list)
	}
	for name, bad := range map[string]table.Value{
		"in a list": table.ListOf(table.L, table.Values{{}}),
		"in a map":  table.MapOf(&pairs{[]string{"x"}, []table.Value{{}}}),
	} {
		if _, err := codec.Decode(table.Item{"V": bad}); err == nil {
			t.Errorf("Decode of no value %s: error = nil, want one", name)
		}
	}
}

func isValues(e table.Elements) bool { _, ok := e.(table.Values); return ok }
