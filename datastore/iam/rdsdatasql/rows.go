package rdsdatasql

import (
	"database/sql/driver"
	"errors"
	"io"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/rdsdata/types"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// rows are the rows of one answer.
type rows struct {
	columns []types.ColumnMetadata
	records [][]types.Field
	layouts []string // of points in time, for each column; "" for others
}

func newRows(columns []types.ColumnMetadata, records [][]types.Field) *rows {
	r := &rows{columns: columns, records: records, layouts: make([]string, len(columns))}
	for i := range columns {
		r.layouts[i] = timeLayouts[r.typeName(i)]
	}
	return r
}

var (
	_ driver.Rows                           = (*rows)(nil)
	_ driver.RowsColumnTypeDatabaseTypeName = (*rows)(nil)
	_ driver.RowsColumnTypeNullable         = (*rows)(nil)
	_ driver.RowsColumnTypeScanType         = (*rows)(nil)
)

// Columns are named as the statement does.
func (r *rows) Columns() []string {
	names := make([]string, len(r.columns))
	for i, c := range r.columns {
		switch {
		case c.Label != nil && *c.Label != "":
			names[i] = *c.Label
		case c.Name != nil:
			names[i] = *c.Name
		}
	}
	return names
}

func (r *rows) Close() error {
	r.records = nil
	return nil
}

func (r *rows) Next(dest []driver.Value) error {
	if len(r.records) == 0 {
		return io.EOF
	}
	record := r.records[0]
	r.records = r.records[1:]
	if len(record) != len(dest) {
		return fault(datastore.ErrCorrupt, errors.New("a row has not as many values as there are columns"))
	}
	for i, f := range record {
		layout := ""
		if i < len(r.layouts) {
			layout = r.layouts[i]
		}
		v, err := value(f, layout)
		if err != nil {
			return fault(datastore.ErrCorrupt, err)
		}
		dest[i] = v
	}
	return nil
}

func (r *rows) typeName(i int) string {
	if i >= len(r.columns) || r.columns[i].TypeName == nil {
		return ""
	}
	return strings.ToLower(*r.columns[i].TypeName)
}

// ColumnTypeDatabaseTypeName is in upper case, as database/sql has it.
func (r *rows) ColumnTypeDatabaseTypeName(i int) string { return strings.ToUpper(r.typeName(i)) }

// ColumnTypeNullable: 2 is not known.
func (r *rows) ColumnTypeNullable(i int) (nullable, ok bool) {
	n := r.columns[i].Nullable
	return n == 1, n == 0 || n == 1
}

var scanTypes = map[string]reflect.Type{
	"date": reflect.TypeFor[time.Time](), "timestamp": reflect.TypeFor[time.Time](), "timestamptz": reflect.TypeFor[time.Time](), "datetime": reflect.TypeFor[time.Time](),
	"int2": reflect.TypeFor[int64](), "int4": reflect.TypeFor[int64](), "int8": reflect.TypeFor[int64](), "int": reflect.TypeFor[int64](), "bigint": reflect.TypeFor[int64](),
	"bool": reflect.TypeFor[bool](), "float4": reflect.TypeFor[float64](), "float8": reflect.TypeFor[float64](), "double": reflect.TypeFor[float64](),
	"text": reflect.TypeFor[string](), "varchar": reflect.TypeFor[string](), "numeric": reflect.TypeFor[string](), "decimal": reflect.TypeFor[string](),
	"bytea": reflect.TypeFor[[]byte](), "blob": reflect.TypeFor[[]byte](),
}

// ColumnTypeScanType is what Next gives, but for NULL.
func (r *rows) ColumnTypeScanType(i int) reflect.Type {
	if t, ok := scanTypes[r.typeName(i)]; ok {
		return t
	}
	return reflect.TypeFor[any]()
}

func value(f types.Field, layout string) (driver.Value, error) {
	switch f := f.(type) {
	case *types.FieldMemberIsNull:
		return nil, nil
	case *types.FieldMemberStringValue:
		return text(f.Value, layout), nil
	case *types.FieldMemberLongValue:
		return f.Value, nil
	case *types.FieldMemberDoubleValue:
		return f.Value, nil
	case *types.FieldMemberBooleanValue:
		return f.Value, nil
	case *types.FieldMemberBlobValue:
		return f.Value, nil
	case *types.FieldMemberArrayValue:
		var b strings.Builder
		if err := writeArray(&b, f.Value); err != nil {
			return nil, err
		}
		return b.String(), nil
	}
	return nil, errors.New("a value is of a kind that the Data API had not when this was written")
}

// timeLayouts are those in which the types of points in time are written.
var timeLayouts = map[string]string{
	"date": time.DateOnly, "timestamp": time.DateTime, "datetime": time.DateTime, "timestamp without time zone": time.DateTime,
	"timestamptz": layoutZone, "timestamp with time zone": layoutZone,
}

const layoutZone = "2006-01-02 15:04:05Z07"

// text is a point in time, where the column is of one and it can be read: all but
// "infinity" and dates before Christ can. The Data API may write another layout than
// that of the type.
func text(s, layout string) driver.Value {
	if layout == "" {
		return s
	}
	if t, err := time.Parse(layout, s); err == nil {
		return t.UTC()
	}
	for _, other := range []string{time.DateTime, time.DateOnly, layoutZone, "2006-01-02 15:04:05Z07:00"} {
		if t, err := time.Parse(other, s); err == nil {
			return t.UTC()
		}
	}
	return s
}

// writeArray writes an array as PostgreSQL does.
func writeArray(b *strings.Builder, a types.ArrayValue) error {
	b.WriteByte('{')
	switch a := a.(type) {
	case *types.ArrayValueMemberLongValues:
		writeElements(b, a.Value, func(v int64) string { return strconv.FormatInt(v, 10) })
	case *types.ArrayValueMemberDoubleValues:
		writeElements(b, a.Value, func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) })
	case *types.ArrayValueMemberBooleanValues:
		writeElements(b, a.Value, func(v bool) string { return map[bool]string{true: "t", false: "f"}[v] })
	case *types.ArrayValueMemberStringValues:
		writeElements(b, a.Value, quoteElement)
	case *types.ArrayValueMemberArrayValues:
		for i, inner := range a.Value {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := writeArray(b, inner); err != nil {
				return err
			}
		}
	default:
		return errors.New("an array is of a kind that the Data API had not when this was written")
	}
	b.WriteByte('}')
	return nil
}

func writeElements[V any](b *strings.Builder, values []*V, write func(V) string) {
	for i, v := range values {
		if i > 0 {
			b.WriteByte(',')
		}
		if v == nil {
			b.WriteString("NULL")
		} else {
			b.WriteString(write(*v))
		}
	}
}

var escaped = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

func quoteElement(s string) string { return `"` + escaped.Replace(s) + `"` }
