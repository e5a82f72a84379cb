package dynamotable

import (
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

func TestValuesRoundTrip(t *testing.T) {
	t.Parallel()
	set := func(elements ...table.Value) table.Value {
		v, err := table.Set(elements...)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, v := range []table.Value{
		table.String(""), table.String("x"), table.Int(-5), table.Bytes(nil), table.Bytes([]byte{0, 255}),
		table.Bool(true), table.Bool(false), table.Null(), table.List(), table.List(table.Null(), table.List()),
		table.Map(nil), table.Map(table.Item{"a": table.Map(table.Item{"b": table.Int(1)})}),
		set(table.String("a"), table.String("b")), set(table.Int(1)), set(table.Bytes([]byte("x"))),
	} {
		if got := valueFromAWS(valueToAWS(v)); !got.Equal(v) {
			t.Errorf("value of type %v came back as %+v, want %+v", v.Type(), got, v)
		}
	}
	if got := valueFromAWS(nil); !got.IsZero() {
		t.Errorf("valueFromAWS(nil) = %+v, want no value", got)
	}
}
