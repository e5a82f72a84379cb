package rdsdatasql

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/rdsdata/types"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
)

// Hinted is an argument that the Data API sends as another type than text.
//
// See https://docs.aws.amazon.com/rdsdataservice/latest/APIReference/API_SqlParameter.html
type Hinted struct {
	Hint  types.TypeHint // types.TypeHintUuid
	Value string
}

// CheckNamedValue implements [driver.NamedValueChecker].
func (c *conn) CheckNamedValue(v *driver.NamedValue) error {
	if _, ok := v.Value.(Hinted); ok {
		return nil
	}
	return driver.ErrSkip // database/sql converts what it knows
}

// timestamp is the format of the hint TIMESTAMP.
const timestamp = "2006-01-02 15:04:05.000"

func field(v driver.Value) (types.Field, types.TypeHint, error) {
	switch v := v.(type) {
	case nil:
		return &types.FieldMemberIsNull{Value: true}, "", nil
	case int64:
		return &types.FieldMemberLongValue{Value: v}, "", nil
	case float64:
		return &types.FieldMemberDoubleValue{Value: v}, "", nil
	case bool:
		return &types.FieldMemberBooleanValue{Value: v}, "", nil
	case string:
		return &types.FieldMemberStringValue{Value: v}, "", nil
	case []byte:
		if v == nil {
			return &types.FieldMemberIsNull{Value: true}, "", nil
		}
		return &types.FieldMemberBlobValue{Value: v}, "", nil
	case time.Time:
		return &types.FieldMemberStringValue{Value: v.UTC().Format(timestamp)}, types.TypeHintTimestamp, nil
	case Hinted:
		return &types.FieldMemberStringValue{Value: v.Value}, v.Hint, nil
	}
	return nil, "", fmt.Errorf("an argument of type %T", v)
}

// bind writes the parameters of a statement as the Data API has them, :p1, and gives
// their values.
func bind(dialect sqldb.Dialect, query string, args []driver.NamedValue) (string, []types.SqlParameter, error) {
	written, count, err := rename(dialect, query)
	if err != nil {
		return "", nil, fault(datastore.ErrDeclaration, err)
	}
	if count != len(args) {
		return "", nil, fault(datastore.ErrDeclaration, fmt.Errorf("the statement has %d parameters, and %d arguments are given", count, len(args)))
	}
	if count == 0 {
		return written, nil, nil
	}
	params := make([]types.SqlParameter, len(args))
	for i, a := range args {
		if a.Name != "" {
			return "", nil, fault(datastore.ErrDeclaration, errors.New("an argument has a name; parameters have numbers"))
		}
		name := "p" + strconv.Itoa(i+1)
		value, hint, err := field(a.Value)
		if err != nil {
			return "", nil, fault(datastore.ErrDeclaration, err)
		}
		params[i] = types.SqlParameter{Name: &name, Value: value, TypeHint: hint}
	}
	return written, params, nil
}

func fault(kind, err error) error { return &datastore.Error{Kind: kind, Err: err} }

// rename writes $1 (or the first ?) as :p1, but in quotes and comments, and counts
// the parameters.
func rename(dialect sqldb.Dialect, query string) (written string, count int, err error) {
	var b strings.Builder
	b.Grow(len(query) + 8)
	mysql := dialect == sqldb.DialectMySQL
	for at := 0; at < len(query); {
		rest := query[at:]
		n := skip(rest, mysql)
		switch {
		case n > 0:
			b.WriteString(rest[:n])
		case mysql && rest[0] == '?':
			count++
			b.WriteString(":p" + strconv.Itoa(count))
			n = 1
		case !mysql && rest[0] == '$' && digits(rest[1:]) > 0:
			n = 1 + digits(rest[1:])
			number, err := strconv.Atoi(rest[1:n])
			if err != nil || number < 1 || number > 65535 {
				return "", 0, fmt.Errorf("the parameter %s is none", rest[:n])
			}
			count = max(count, number)
			b.WriteString(":p" + strconv.Itoa(number))
		default:
			b.WriteByte(rest[0])
			n = 1
		}
		at += n
	}
	return b.String(), count, nil
}

func digits(text string) int {
	n := 0
	for n < len(text) && text[n] >= '0' && text[n] <= '9' {
		n++
	}
	return n
}

// skip is the length of a quote, a comment or a name that text begins with; 0 for
// none.
func skip(text string, mysql bool) int {
	switch c := text[0]; {
	case c == '\'' || c == '"' || c == '`':
		return quoted(text, c, mysql)
	case strings.HasPrefix(text, "--"):
		return through(text, 2, "\n")
	case mysql && c == '#':
		return through(text, 1, "\n")
	case strings.HasPrefix(text, "/*"):
		return through(text, 2, "*/")
	case isWord(c):
		n := 1
		for n < len(text) && (isWord(text[n]) || text[n] == '$') {
			n++
		}
		if n == 1 && c|0x20 == 'e' && !mysql && len(text) > 1 && text[1] == '\'' {
			return 1 + quoted(text[1:], '\'', true) // E'...'
		}
		return n
	case c == '$' && !mysql:
		return dollarQuoted(text)
	}
	return 0
}

func isWord(c byte) bool {
	return c == '_' || c >= 0x80 || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// quoted is the length of what is in quotes; a doubled quote reads as two quotes
// that touch.
func quoted(text string, quote byte, escapes bool) int {
	for i := 1; i < len(text); i++ {
		switch {
		case escapes && quote != '`' && text[i] == '\\':
			i++
		case text[i] == quote:
			return i + 1
		}
	}
	return len(text)
}

func through(text string, from int, end string) int {
	if at := strings.Index(text[from:], end); at >= 0 {
		return from + at + len(end)
	}
	return len(text)
}

// dollarQuoted is the length of $$...$$ or $tag$...$tag$, 0 for none.
func dollarQuoted(text string) int {
	n := 1
	for n < len(text) && isWord(text[n]) {
		n++
	}
	if n >= len(text) || text[n] != '$' || digits(text[1:2]) > 0 {
		return 0
	}
	return through(text, n+1, text[:n+1])
}
