package middleware

import (
	"log/slog"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxDimensionValue is how long the value of a dimension may be.
const maxDimensionValue = 1024

// encode is the line, with the line break at its end.
func (l *emfLine) encode(namespace string, n *notes) []byte {
	b := append(l.out, `{"_aws":{"Timestamp":`...)
	b = strconv.AppendInt(b, l.at, 10)
	b = append(b, `,"CloudWatchMetrics":[`...)
	for i := range l.directives {
		if i > 0 {
			b = append(b, ',')
		}
		b = l.appendDirective(b, i, namespace)
	}
	b = append(b, `]}`...)
	b = l.appendDimensions(b)
	for i := range l.targets {
		b = l.targets[i].append(b)
	}
	b = l.appendNotes(b, n)
	l.out = append(b, "}\n"...)
	return l.out
}

func (l *emfLine) appendDirective(b []byte, i int, namespace string) []byte {
	b = append(b, `{"Namespace":`...)
	b = appendQuoted(b, namespace)
	b = append(b, `,"Dimensions":[[`...)
	for j, d := range l.directives[i].dims {
		if j > 0 {
			b = append(b, ',')
		}
		b = appendQuoted(b, d.Name)
	}
	b = append(b, `]],"Metrics":[`...)
	first := true
	for t := range l.targets {
		if l.targets[t].directive != i {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(b, l.targets[t].text.definition...)
	}
	return append(b, `]}`...)
}

// metricText is what lines have of a metric. It is the same in all of them.
type metricText struct {
	of         *Metric
	definition []byte // {"Name":"Duration","Unit":"Milliseconds"}
	member     []byte // ,"Duration":
}

// write has the text be that of m, in the memory that it has.
func (t *metricText) write(m *Metric) {
	if t.of != m {
		t.of, t.definition = m, m.appendDefinition(t.definition[:0])
		t.member = append(appendQuoted(append(t.member[:0], ','), m.Name), ':')
	}
}

func (m *Metric) appendDefinition(b []byte) []byte {
	b = append(b, `{"Name":`...)
	b = appendQuoted(b, m.Name)
	b = append(b, `,"Unit":`...)
	b = appendQuoted(b, string(m.Unit))
	if m.HighResolution {
		b = append(b, `,"StorageResolution":1`...)
	}
	return append(b, '}')
}

// appendDimensions appends the value of each dimension once.
func (l *emfLine) appendDimensions(b []byte) []byte {
	for i := range l.directives {
	next:
		for j, d := range l.directives[i].dims {
			for before := range i {
				for _, other := range l.directives[before].dims {
					if other.Name == d.Name {
						continue next
					}
				}
			}
			b = append(b, ',')
			b = appendQuoted(b, d.Name)
			b = append(b, ':')
			b = appendQuoted(b, l.directives[i].dims[j].printable())
		}
	}
	return b
}

// printable is the value as CloudWatch takes it.
func (d *Dimension) printable() string {
	if strings.TrimSpace(d.Value) == "" {
		return "-"
	}
	clean := len(d.Value) <= maxDimensionValue
	for i := 0; clean && i < len(d.Value); i++ {
		clean = d.Value[i] >= ' ' && d.Value[i] <= '~'
	}
	if clean {
		return d.Value
	}
	ascii := func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}
	s := strings.Map(ascii, d.Value)
	return s[:min(len(s), maxDimensionValue)]
}

// append appends a metric with its values.
func (t *emfTarget) append(b []byte) []byte {
	b = append(b, t.text.member...)
	if len(t.values) == 1 {
		return appendNumber(b, t.values[0])
	}
	b = append(b, '[')
	for i, v := range t.values {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendNumber(b, v)
	}
	return append(b, ']')
}

func appendNumber(b []byte, v float64) []byte { return strconv.AppendFloat(b, v, 'g', -1, 64) }

// appendNotes appends what is noted of the invocation, but for the route, which is a
// dimension of most.
func (l *emfLine) appendNotes(b []byte, n *notes) []byte {
	var some [room]slog.Attr
	for _, a := range n.appendTo(some[:0]) {
		if !l.noted(a) || len(b) > maxLine-2*maxNoted {
			continue
		}
		b = append(b, ',')
		b = appendQuoted(b, cut(a.Key, maxNote))
		b = append(b, ':')
		switch a.Value.Kind() {
		case slog.KindString:
			b = appendQuoted(b, cut(a.Value.String(), maxNoted))
		case slog.KindBool:
			b = strconv.AppendBool(b, a.Value.Bool())
		case slog.KindInt64:
			b = strconv.AppendInt(b, a.Value.Int64(), 10)
		default:
			b = strconv.AppendUint(b, a.Value.Uint64(), 10)
		}
	}
	return b
}

// maxNoted is how much of a note stands in a line of metrics.
const maxNoted = 1024

// appendQuoted appends a text as a JSON string. What is no UTF-8 becomes U+FFFD.
func appendQuoted(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			b = append(b, s[from:i]...)
			switch c {
			case '"', '\\':
				b = append(b, '\\', c)
			case '\n':
				b = append(b, '\\', 'n')
			case '\t':
				b = append(b, '\\', 't')
			case '\r':
				b = append(b, '\\', 'r')
			default:
				b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			}
			i++
			from = i
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 || r == '\u2028' || r == '\u2029' {
			b = append(b, s[from:i]...)
			switch r {
			case '\u2028':
				b = append(b, `\u2028`...)
			case '\u2029':
				b = append(b, `\u2029`...)
			default:
				b = append(b, "\ufffd"...)
			}
			from = i + n
		}
		i += n
	}
	b = append(b, s[from:]...)
	return append(b, '"')
}
