package warehouse

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// The limits of the Data API.
//
// See https://docs.aws.amazon.com/redshift/latest/mgmt/data-api.html#data-api-calling-considerations,
// https://docs.aws.amazon.com/redshift/latest/mgmt/data-api-troubleshooting.html
// and https://docs.aws.amazon.com/redshift-data/latest/APIReference/API_BatchExecuteStatement.html
const (
	MaxStatement = 100 << 10      // bytes of the SQL of one statement
	MaxResult    = 500 << 20      // bytes of the rows of one statement
	MaxRow       = 64 << 10       // bytes of one row
	MaxBatch     = 40             // statements of one batch
	MaxActive    = 500            // statements that run or wait, of an account in a region
	MaxKey       = 64             // bytes of a key
	MaxName      = 500            // bytes of a name
	MaxDuration  = 24 * time.Hour // of a statement
	ResultLife   = 24 * time.Hour // after which a statement is forgotten
)

// Statement is a statement to run.
type Statement struct {
	// SQL is one statement. Values stand in it as parameters: ":country".
	SQL string
	// Params are the values. Each name must be in the SQL.
	Params []Param
	// Key makes repeating safe: a statement that was sent with the same key a
	// while before is not run again, and its ID is the answer. At most [MaxKey]
	// bytes. Default: a random one, so that only what this package itself repeats
	// runs once.
	Key string
	// Notify sends an event to EventBridge when it has ended, of the detail type
	// "Redshift Data Statement Status Change", with its ID and Name.
	Notify bool
	// Name is for those who look at events and lists of statements, at most
	// [MaxName] bytes. It may be empty.
	Name string
}

// Batch is several statements to run in one transaction, which share their
// parameters: at most [MaxBatch]. The other fields are those of [Statement].
type Batch struct {
	SQL    []string
	Params []Param
	Key    string
	Notify bool
	Name   string
}

// Param is the value of a parameter. The Data API takes only text, which the
// warehouse converts to what the place in the statement needs. NULL and empty text
// cannot be passed: they are written in the SQL.
type Param struct {
	Name  string // letters, digits and "_", without the ":"
	Value string // never shown in errors
}

// Bind is a parameter with a value of Go.
func Bind[V ~string | ~bool | ~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64](name string, value V) Param {
	rv := reflect.ValueOf(value)
	switch {
	case rv.CanInt():
		return Param{name, strconv.FormatInt(rv.Int(), 10)}
	case rv.CanUint():
		return Param{name, strconv.FormatUint(rv.Uint(), 10)}
	case rv.CanFloat():
		return Param{name, formatFloat(rv.Float(), rv.Type().Bits())}
	case rv.Kind() == reflect.Bool:
		return Param{name, strconv.FormatBool(rv.Bool())}
	}
	return Param{name, rv.String()}
}

func formatFloat(f float64, bits int) string {
	switch {
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	return strconv.FormatFloat(f, 'g', -1, bits)
}

// timeFormat is read by TIMESTAMP, which passes over the zone, and by TIMESTAMPTZ.
const timeFormat = "2006-01-02 15:04:05.999999-07"

// BindTime is a parameter with a point in time, in UTC and microseconds. A date is
// Bind("day", t.Format(time.DateOnly)).
func BindTime(name string, at time.Time) Param {
	return Param{name, at.UTC().Format(timeFormat)}
}

func (s Statement) execution(rand io.Reader) (Execution, error) {
	return newExecution(rand, Execution{SQL: []string{s.SQL}, Params: s.Params, Key: s.Key, Notify: s.Notify, Name: s.Name})
}

func (b Batch) execution(rand io.Reader) (Execution, error) {
	if len(b.SQL) == 0 || len(b.SQL) > MaxBatch {
		return Execution{}, fmt.Errorf("the batch has %d statements; it takes 1 to %d", len(b.SQL), MaxBatch)
	}
	return newExecution(rand, Execution{SQL: b.SQL, Batch: true, Params: b.Params, Key: b.Key, Notify: b.Notify, Name: b.Name})
}

// newExecution checks what is to be sent, and gives it a key.
func newExecution(rand io.Reader, e Execution) (Execution, error) {
	for _, sql := range e.SQL {
		switch {
		case strings.TrimSpace(sql) == "":
			return Execution{}, &datastore.Error{Kind: datastore.ErrDeclaration, Err: errors.New("the statement is empty")}
		case len(sql) > MaxStatement:
			return Execution{}, &datastore.Error{Kind: datastore.ErrTooLarge, Err: fmt.Errorf(
				"the statement has %d bytes, more than the %d that Redshift's Data API takes; load rows by COPY from a bucket", len(sql), MaxStatement)}
		case !utf8.ValidString(sql):
			return Execution{}, errors.New("the statement is not UTF-8")
		}
	}
	if err := checkParams(e.Params); err != nil {
		return Execution{}, err
	}
	switch {
	case len(e.Key) > MaxKey || !utf8.ValidString(e.Key):
		return Execution{}, fmt.Errorf("the key is longer than %d bytes or not UTF-8; write a hash of what it is made of", MaxKey)
	case len(e.Name) > MaxName || !utf8.ValidString(e.Name):
		return Execution{}, fmt.Errorf("the name is longer than %d bytes or not UTF-8", MaxName)
	case e.Key != "":
		return e, nil
	}
	var b [24]byte
	if _, err := io.ReadFull(rand, b[:]); err != nil {
		return Execution{}, &datastore.Error{Kind: datastore.ErrUnavailable, Err: fmt.Errorf("random key: %w", err)}
	}
	e.Key = base64.RawURLEncoding.EncodeToString(b[:])
	return e, nil
}

func checkParams(params []Param) error {
	for i, p := range params {
		switch {
		case !validParam(p.Name):
			return fmt.Errorf("parameter %d has the name %q; write letters, digits and _", i, p.Name)
		case p.Value == "":
			return fmt.Errorf("parameter %s is empty, which Redshift's Data API does not take; write '' or NULL in the SQL", p.Name)
		case !utf8.ValidString(p.Value) || strings.Contains(p.Value, "\x00"):
			return fmt.Errorf("parameter %s is no text", p.Name)
		}
		for _, before := range params[:i] {
			if before.Name == p.Name {
				return fmt.Errorf("parameter %s is there twice", p.Name)
			}
		}
	}
	return nil
}

func validParam(name string) bool {
	for i := range len(name) {
		if c := name[i]; c != '_' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return name != ""
}
