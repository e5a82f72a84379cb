package middleware

import (
	"compress/gzip"
	"io"
	"strings"
	"sync"
)

// Encoding is a content coding for [Compress] and [Decompress]. They know gzip; package
// middleware/zstd has another one.
type Encoding struct {
	// Name of the coding, as in Content-Encoding.
	Name string
	// NewWriter makes a compressor. It is used again after a Reset.
	NewWriter func() (Compressor, error)
	// NewReader reads what is compressed. It must not take much more memory than what is
	// read of it, whatever it is given.
	NewReader func(r io.Reader) (io.ReadCloser, error)
}

// Compressor compresses what is written to it. [gzip.Writer] is one.
type Compressor interface {
	io.WriteCloser
	Flush() error
	Reset(w io.Writer)
}

// gzipEncoding compresses at a level of [gzip].
func gzipEncoding(level int) Encoding {
	return Encoding{
		Name:      "gzip",
		NewWriter: func() (Compressor, error) { return gzip.NewWriterLevel(nil, level) },
		NewReader: func(r io.Reader) (io.ReadCloser, error) { return gzip.NewReader(r) },
	}
}

// coding is an encoding with the compressors that are not in use.
type coding struct {
	Encoding
	idle sync.Pool
}

func codings(of string, all []Encoding) []*coding {
	list := make([]*coding, len(all))
	for i, e := range all {
		if !isToken(e.Name) || e.NewWriter == nil || e.NewReader == nil || e.Name == "identity" {
			misdeclared("%s: encoding %q: it needs a name, NewWriter and NewReader", of, e.Name)
		}
		list[i] = &coding{Encoding: e}
	}
	return list
}

func (c *coding) writer(w io.Writer) (Compressor, error) {
	z, ok := c.idle.Get().(Compressor)
	if !ok {
		var err error
		if z, err = c.NewWriter(); err != nil {
			return nil, err
		}
	}
	z.Reset(w)
	return z, nil
}

// free gives a compressor back, without what it has written to.
func (c *coding) free(z Compressor) {
	z.Reset(io.Discard)
	c.idle.Put(z)
}

// accepted is the coding that Accept-Encoding likes best; of those that it likes the same,
// the first. nil is none.
//
// See https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3
func accepted(lines []string, all []*coding) *coding {
	const unsaid = -1
	var best *coding
	most := max(qualityOf(lines, "identity", unsaid), 0)
	others := qualityOf(lines, "*", 0)
	for _, c := range all {
		q := qualityOf(lines, c.Name, unsaid)
		if q == unsaid && c.Name == "gzip" {
			q = qualityOf(lines, "x-gzip", unsaid)
		}
		if q == unsaid {
			q = others
		}
		if q > most || q == most && q > 0 && best == nil {
			best, most = c, q
		}
	}
	return best
}

// qualityOf is the quality value of a name in thousandths; otherwise if it is not there.
func qualityOf(lines []string, name string, otherwise int) int {
	for _, line := range lines {
		for line != "" {
			var part string
			part, line, _ = strings.Cut(line, ",")
			token, params, _ := strings.Cut(part, ";")
			if strings.EqualFold(strings.TrimSpace(token), name) {
				return quality(params)
			}
		}
	}
	return otherwise
}

// quality reads "q=0.5" in thousandths. None is 1; what is no quality value is 0, which
// is not acceptable.
func quality(params string) int {
	params = strings.TrimSpace(params)
	if params == "" {
		return 1000
	}
	value, ok := strings.CutPrefix(strings.ToLower(params), "q=")
	whole, rest, _ := strings.Cut(value, ".")
	if !ok || whole != "0" && whole != "1" || len(rest) > 3 {
		return 0
	}
	q := int(whole[0]-'0') * 1000
	for i, unit := 0, 100; i < len(rest); i, unit = i+1, unit/10 {
		if rest[i] < '0' || rest[i] > '9' {
			return 0
		}
		q += int(rest[i]-'0') * unit
	}
	if q > 1000 {
		return 0
	}
	return q
}
