package secret

import (
	"fmt"
	"io"
	"log/slog"
)

// Text is a secret text that does not show itself: printed by package fmt, logged
// by package log/slog or written as JSON it is "[redacted]", also within other
// values, but for fields that are not exported: package fmt does not ask what stands
// in those, so that a type with a Text in one needs a Format of its own. string(text)
// is the text itself. It is read from JSON like a string, and is no
// type for what is to be stored.
type Text string

const redacted = "[redacted]"

var (
	_ fmt.Formatter  = Text("")
	_ slog.LogValuer = Text("")
)

// String is "[redacted]".
func (Text) String() string { return redacted }

// GoString is "[redacted]".
func (Text) GoString() string { return redacted }

// Format writes "[redacted]" for every verb.
func (Text) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue is "[redacted]".
func (Text) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText writes "[redacted]", in JSON too.
func (Text) MarshalText() ([]byte, error) { return []byte(redacted), nil }
