package statements

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore/warehouse"
)

// query is one statement as the database takes it.
type query struct {
	sql  string
	args []any
	rows bool // whether it answers rows
}

// queriesOf are the statements with their parameters in the order of their numbers.
func queriesOf(e warehouse.Execution) ([]query, error) {
	used := map[string]bool{}
	queries := make([]query, len(e.SQL))
	for i, text := range e.SQL {
		written, names := number(text)
		queries[i] = query{sql: written, rows: answersRows(text)}
		for _, name := range names {
			at := slices.IndexFunc(e.Params, func(p warehouse.Param) bool { return p.Name == name })
			if at < 0 {
				return nil, fmt.Errorf("the statement has the parameter :%s, which is not given", name)
			}
			queries[i].args = append(queries[i].args, e.Params[at].Value)
			used[name] = true
		}
	}
	for _, p := range e.Params {
		if !used[p.Name] {
			return nil, fmt.Errorf("the parameter %s is not in the statement", p.Name)
		}
	}
	return queries, nil
}

// answering are the words that statements with rows begin with.
var answering = []string{"select", "with", "values", "show", "explain", "table", "pragma", "describe"}

func answersRows(text string) bool {
	first, whole := "", true
	for word := range words(text) {
		word = strings.ToLower(word)
		if whole {
			first, whole = word, false
		}
		if word == "returning" {
			return true
		}
	}
	return slices.Contains(answering, first)
}

func (q query) run(ctx context.Context, tx *sql.Tx) (result, error) {
	if !q.rows {
		done, err := tx.ExecContext(ctx, q.sql, q.args...)
		if err != nil {
			return result{}, err
		}
		affected, err := done.RowsAffected()
		if err != nil {
			affected = -1 // the database does not say
		}
		return result{affected: affected}, nil
	}
	found, err := tx.QueryContext(ctx, q.sql, q.args...)
	if err != nil {
		return result{}, err
	}
	r, err := read(found)
	return r, errors.Join(err, found.Close())
}

var (
	errRow    = errors.New("packet for query is too large")
	errResult = errors.New("database response exceeded size limit")
)

// read reads all rows, within the limits of the Data API.
func read(found *sql.Rows) (result, error) {
	types, err := found.ColumnTypes()
	if err != nil {
		return result{}, err
	}
	r := result{columns: make([]warehouse.Column, len(types)), rows: warehouse.Table{}}
	for i, t := range types {
		r.columns[i] = warehouse.Column{Name: t.Name(), Type: strings.ToLower(t.DatabaseTypeName())}
	}
	read, places := make([]any, len(types)), make([]any, len(types))
	for i := range read {
		places[i] = &read[i]
	}
	var room block
	for found.Next() {
		if err := found.Scan(places...); err != nil {
			return result{}, err
		}
		var size int64
		values := room.row(len(types))
		for i := range values {
			values[i] = valueOf(read[i], r.columns[i].Type)
			size += sizeOf(values[i])
		}
		if r.bytes += size; size > warehouse.MaxRow {
			return result{}, errRow
		} else if r.bytes > warehouse.MaxResult {
			return result{}, errResult
		}
		r.rows = append(r.rows, values)
	}
	r.affected = int64(len(r.rows))
	return r, found.Err()
}

// block is room for the values of some rows, which are allocated together: the rows of
// a result are forgotten together, too.
type block struct {
	free []warehouse.Value
	rows int // of the last allocation
}

// The rows of the first allocation and of the largest.
const (
	firstBlock   = 4
	largestBlock = 256
)

// row is room for a row of n values.
func (b *block) row(n int) []warehouse.Value {
	if len(b.free) < n {
		b.rows = min(max(firstBlock, 2*b.rows), largestBlock)
		b.free = make([]warehouse.Value, b.rows*n)
	}
	row := b.free[:n:n]
	b.free = b.free[n:]
	return row
}

// valueOf is a value as the Data API has it.
func valueOf(v any, columnType string) warehouse.Value {
	switch v := v.(type) {
	case nil:
		return warehouse.Value{}
	case bool:
		return warehouse.BoolValue(v)
	case int64:
		return warehouse.IntValue(v)
	case float64:
		return warehouse.FloatValue(v)
	case string:
		return warehouse.StringValue(v)
	case []byte:
		return warehouse.BytesValue(v)
	case time.Time:
		return warehouse.StringValue(writeTime(v, columnType))
	case int:
		return warehouse.IntValue(int64(v))
	case int32:
		return warehouse.IntValue(int64(v))
	case int16:
		return warehouse.IntValue(int64(v))
	case float32:
		return warehouse.FloatValue(float64(v))
	}
	return warehouse.StringValue(fmt.Sprint(v))
}

func writeTime(t time.Time, columnType string) string {
	switch columnType {
	case "date":
		return t.Format(time.DateOnly)
	case "timestamptz":
		return t.UTC().Format("2006-01-02 15:04:05.999999-07")
	}
	return t.UTC().Format("2006-01-02 15:04:05.999999")
}

func sizeOf(v warehouse.Value) int64 {
	switch v := v.Any().(type) {
	case string:
		return int64(len(v))
	case []byte:
		return int64(len(v))
	case nil:
		return 0
	}
	return 8
}

// number writes parameters as $1, $2, and tells their names in that order. What
// stands in quotes and comments is none, nor is the type after "::".
func number(text string) (written string, names []string) {
	var b strings.Builder
	for t := range tokens(text) {
		if t.kind != tokenParam {
			b.WriteString(t.text)
			continue
		}
		name := t.text[1:]
		at := slices.Index(names, name)
		if at < 0 {
			at = len(names)
			names = append(names, name)
		}
		b.WriteString("$" + strconv.Itoa(at+1))
	}
	return b.String(), names
}
