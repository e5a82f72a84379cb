package table_test

import (
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

func TestOwn(t *testing.T) {
	t.Parallel()
	put := table.Write{ID: "id of the write", If: table.NotExists("id")}
	for name, c := range map[string]struct {
		write  table.Write
		stored table.Item
		want   bool
	}{
		"its own":         {put, table.Item{"_w": table.Bytes([]byte(put.ID))}, true},
		"another's":       {put, table.Item{"_w": table.Bytes([]byte("other"))}, false},
		"text":            {put, table.Item{"_w": table.String(put.ID)}, false},
		"without an id":   {put, table.Item{"id": table.String("1")}, false},
		"nothing":         {put, nil, false},
		"none of both":    {table.Write{}, nil, false},
		"only the stored": {table.Write{}, table.Item{"_w": table.Bytes(nil)}, false},
	} {
		if got := c.write.Own(c.stored); got != c.want {
			t.Errorf("Own of an item with the write id of %s = %v, want %v", name, got, c.want)
		}
	}
	for name, c := range map[string]struct {
		write table.Write
		want  bool
	}{
		"unconditional put":    {table.Write{Item: table.Item{}}, true},
		"unconditional delete": {table.Write{}, true},
		"put with id":          {put, true},
		"conditional delete":   {table.Write{If: table.Exists("id")}, false},
	} {
		if got := c.write.Repeatable(); got != c.want {
			t.Errorf("Repeatable of %s = %v, want %v", name, got, c.want)
		}
	}
}
