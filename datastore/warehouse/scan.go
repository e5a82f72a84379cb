package warehouse

import (
	"encoding"
	"fmt"
	"iter"
	"reflect"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Scan gives rows the type T: a struct, or for rows of one column what a field of
// one could be. A field has the value of the column of its name in lower case, or
// of the one that its tag names:
//
//	type Day struct {
//		Day    time.Time
//		Total  float64
//		Orders *int64 `warehouse:"order_count"` // a pointer takes NULL
//		Note   string `warehouse:"-"`           // of no column
//	}
//
// Fields are strings, numbers, booleans, []byte, [time.Time] (of dates and of
// timestamps, in UTC where there is no zone), what implements
// [encoding.TextUnmarshaler] or has a method Scan(any) error (as the types of
// database/sql do), any, and pointers to these. Columns without a field are passed
// over; a field without a column answers [datastore.ErrDeclaration], a value that
// does not fit [datastore.ErrCorrupt].
func Scan[T any](rows iter.Seq2[Row, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var p *plan
		var value, none T // of one row after the other
		to := reflect.ValueOf(&value).Elem()
		for row, err := range rows {
			value = none
			if err == nil && p == nil {
				p, err = planOf(reflect.TypeFor[T](), row.Columns())
				if err != nil && row.head != nil {
					err = row.head.wrap(err)
				}
			}
			if err == nil {
				err = p.scan(to, row)
			}
			if err != nil {
				yield(none, err)
				return
			}
			if !yield(value, nil) {
				return
			}
		}
	}
}

// plan says where the columns of rows go, once for all rows.
type plan struct {
	whole  setter // of a T that is no struct
	fields []place
}

type place struct {
	column int
	index  []int
	set    setter
}

func planOf(t reflect.Type, columns []Column) (*plan, error) {
	if t.Kind() != reflect.Struct || isLeaf(t) {
		if len(columns) != 1 {
			return nil, mistake("rows of %d columns as %s; give Scan a struct", len(columns), t)
		}
		set, err := setterOf(t)
		return &plan{whole: set}, err
	}
	p := &plan{}
	for _, f := range reflect.VisibleFields(t) {
		name := f.Tag.Get("warehouse")
		if !f.IsExported() || f.Anonymous || name == "-" || throughPointer(t, f.Index) {
			continue
		}
		if name == "" {
			name = strings.ToLower(f.Name)
		}
		column := columnNamed(columns, name)
		if column < 0 {
			return nil, mistake("%s.%s is of the column %q, which the rows have not; name another one by the tag warehouse", t, f.Name, name)
		}
		set, err := setterOf(f.Type)
		if err != nil {
			return nil, err
		}
		p.fields = append(p.fields, place{column, f.Index, set})
	}
	return p, nil
}

// throughPointer reports whether a field is one of an embedded pointer, which may
// be nil.
func throughPointer(t reflect.Type, index []int) bool {
	for _, i := range index[:len(index)-1] {
		if t = t.Field(i).Type; t.Kind() == reflect.Pointer {
			return true
		}
	}
	return false
}

func columnNamed(columns []Column, name string) int {
	for i, c := range columns {
		if strings.EqualFold(c.Name, name) {
			return i
		}
	}
	return -1
}

func mistake(format string, args ...any) error {
	return &datastore.Error{Kind: datastore.ErrDeclaration, Err: fmt.Errorf(format, args...)}
}

func (p *plan) scan(value reflect.Value, row Row) error {
	if p.whole != nil {
		if err := p.whole(value, row.value(0)); err != nil {
			return row.head.wrap(columnError(row.head.columns, 0, err))
		}
		return nil
	}
	for _, f := range p.fields {
		if err := f.set(value.FieldByIndex(f.index), row.value(f.column)); err != nil {
			return row.head.wrap(columnError(row.head.columns, f.column, err))
		}
	}
	return nil
}

var (
	timeType    = reflect.TypeFor[time.Time]()
	scannerType = reflect.TypeFor[scanner]()
	textType    = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// scanner is the interface of database/sql.
type scanner interface{ Scan(src any) error }

// isLeaf reports whether a struct is one value.
func isLeaf(t reflect.Type) bool {
	return t == timeType || reflect.PointerTo(t).Implements(scannerType) || reflect.PointerTo(t).Implements(textType)
}
