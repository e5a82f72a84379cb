package message

import (
	"encoding/json"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// MaxAttributes is how many attributes a message has at most.
const MaxAttributes = 10

// Value is what an attribute can be made of.
type Value interface {
	~string | ~[]byte | ~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64
}

// Attribute is the attribute of a value.
func Attribute[V Value](name string, value V) datastore.Attribute {
	a := datastore.Attribute{Name: name, Type: datastore.AttributeNumber}
	switch v := reflect.ValueOf(value); v.Kind() {
	case reflect.String:
		a.Type, a.Value = datastore.AttributeString, v.String()
	case reflect.Slice:
		a.Type, a.Value = datastore.AttributeBinary, string(v.Bytes())
	case reflect.Float32, reflect.Float64:
		a.Value = strconv.FormatFloat(v.Float(), 'g', -1, v.Type().Bits())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		a.Value = strconv.FormatUint(v.Uint(), 10)
	default:
		a.Value = strconv.FormatInt(v.Int(), 10)
	}
	return a
}

var attributeName = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)

// CheckAttributes refuses what SQS and SNS do not take.
func CheckAttributes(attributes []datastore.Attribute) error {
	if len(attributes) > MaxAttributes {
		return Invalid("the message has %d attributes, more than the %d that AWS takes", len(attributes), MaxAttributes)
	}
	for i, a := range attributes {
		if err := checkAttribute(a); err != nil {
			return err
		}
		for _, other := range attributes[:i] {
			if other.Name == a.Name {
				return Invalid("the message has two attributes %q", a.Name)
			}
		}
	}
	return nil
}

func checkAttribute(a datastore.Attribute) error {
	lower := strings.ToLower(a.Name)
	switch {
	case len(a.Name) > 256 || !attributeName.MatchString(a.Name):
		return Invalid("the attribute name %q: write up to 256 letters, digits, '_', '-' and single '.' between them", a.Name)
	case strings.HasPrefix(lower, "aws.") || strings.HasPrefix(lower, "amazon."):
		return Invalid("the attribute name %q: names that begin with AWS. or Amazon. are reserved", a.Name)
	case a.Value == "":
		return Invalid("the attribute %q is empty; leave it out", a.Name)
	}
	switch a.Type {
	case datastore.AttributeString:
		if CheckText(a.Value) != nil {
			return Invalid("the attribute %q has characters that AWS does not take", a.Name)
		}
	case datastore.AttributeNumber:
		if f, err := strconv.ParseFloat(a.Value, 64); err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			return Invalid("the attribute %q is no number", a.Name)
		}
	case datastore.AttributeStringArray:
		var elements []any
		if json.Unmarshal([]byte(a.Value), &elements) != nil {
			return Invalid("the attribute %q is no JSON array", a.Name)
		}
	}
	return nil
}

// AttributesSize is what the attributes count for of the size of their message.
func AttributesSize(attributes []datastore.Attribute) int {
	n := 0
	for _, a := range attributes {
		n += a.Size()
	}
	return n
}

// CheckID refuses what is no message group id or deduplication id: 1 to 128
// ASCII letters, digits and punctuation.
func CheckID(what, id string) error {
	ok := id != "" && len(id) <= 128
	for i := range len(id) {
		ok = ok && id[i] > ' ' && id[i] < 0x7f
	}
	if !ok {
		return Invalid("the %s: write 1 to 128 ASCII letters, digits and punctuation characters", what)
	}
	return nil
}
