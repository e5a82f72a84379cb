package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
)

// checkBody makes the body one that keeps to its limit.
func (w *Write) checkBody() error {
	if w.Body == nil {
		w.Body = strings.NewReader("")
	}
	if !w.limited {
		return nil
	}
	if w.limit < 0 {
		return invalid("MaxSize: the size of %d is negative", w.limit)
	}
	if size, ok := Size(w.Body); ok {
		if size > w.limit {
			return tooLarge(w.limit)
		}
		return nil
	}
	w.Body = &limited{r: w.Body, left: w.limit, limit: w.limit}
	return nil
}

func tooLarge(limit int64) error {
	return &datastore.Error{Kind: datastore.ErrTooLarge, Err: fmt.Errorf("there are more than the %d bytes that were allowed", limit)}
}

// Size is how many bytes a reader that can be read at any place has from where it
// stands, as [Putter] reads it.
func Size(r io.Reader) (int64, bool) {
	s, ok := r.(io.Seeker)
	if _, anywhere := r.(io.ReaderAt); !ok || !anywhere {
		return 0, false
	}
	at, err := s.Seek(0, io.SeekCurrent)
	if err != nil { // a pipe is an *os.File too
		return 0, false
	}
	end, err := s.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, false
	}
	if _, err := s.Seek(at, io.SeekStart); err != nil {
		return 0, false
	}
	return max(end-at, 0), true
}

// limited answers an error instead of the first byte over its limit.
type limited struct {
	r           io.Reader
	left, limit int64
}

func (l *limited) Read(p []byte) (int, error) {
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return n - 1, tooLarge(l.limit)
	}
	return n, err
}

// BodyError is what a driver answers if the body of a [Write] could not be read:
// the error of a store or of the context if it is one, and otherwise
// [datastore.ErrInvalid], since it is the caller's reader.
func BodyError(err error) error {
	kind := handle.KindOf(err, datastore.ErrInvalid)
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		kind = datastore.ErrNoBudget
	}
	return &datastore.Error{Kind: kind, Err: fmt.Errorf("read the body: %w", err)}
}
