package s3blob

import (
	"bytes"
	"context"
	"io"

	"github.com/seed-18e8afb5/tierkit/datastore/blob"
)

// partSize is how much is sent at a time, at least what S3 asks of a part, 5 MiB.
//
// See https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
const (
	partSize  = 8 << 20
	maxParts  = 10_000
	inFlight  = 2
	firstRead = 32 << 10
)

// part is a piece of a body. It can be read repeatedly.
type part struct {
	at           io.ReaderAt
	offset, size int64
	last         bool
	buffer       []byte // behind at, to be used again; nil if at is the caller's
}

// body is the piece for one attempt.
func (p part) body() *body {
	return &body{size: p.size, r: io.NewSectionReader(p.at, p.offset, p.size)}
}

// parts cuts a body into pieces.
type parts struct {
	ctx context.Context
	// at and the rest are for a body that can be read at any place.
	at           io.ReaderAt
	offset, left int64

	stream io.Reader
	ahead  []byte      // what was read of the piece after
	free   chan []byte // buffers whose pieces were sent; nil without stream
	made   int
}

func newParts(ctx context.Context, r io.Reader) *parts {
	p := &parts{ctx: ctx}
	if size, ok := blob.Size(r); ok {
		p.at, _ = r.(io.ReaderAt)
		p.offset, _ = r.(io.Seeker).Seek(0, io.SeekCurrent)
		p.left = size
		return p
	}
	p.stream, p.free = r, make(chan []byte, inFlight+1)
	return p
}

// next is the next piece; the last one says so.
func (p *parts) next() (part, error) {
	if p.stream == nil {
		one := part{at: p.at, offset: p.offset, size: min(p.left, partSize)}
		p.offset += one.size
		p.left -= one.size
		one.last = p.left == 0
		return one, nil
	}
	return p.read()
}

// read fills a buffer, and looks whether anything follows: a piece of the full size
// may be the last.
func (p *parts) read() (part, error) {
	buffer := p.buffer()
	if p.ahead != nil {
		buffer = append(buffer, p.ahead...)
		p.ahead = nil
	}
	for {
		if err := p.ctx.Err(); err != nil {
			return part{}, err
		}
		full := len(buffer) == partSize
		into := buffer[len(buffer):cap(buffer)]
		if full {
			into = make([]byte, 1)
		} else if len(into) == 0 {
			buffer = append(make([]byte, 0, min(4*cap(buffer), partSize)), buffer...)
			continue
		}
		n, err := p.stream.Read(into)
		if full && n > 0 {
			p.ahead = into
		} else {
			buffer = buffer[:len(buffer)+n]
		}
		if err != nil && err != io.EOF {
			return part{}, err
		}
		last := err == io.EOF && p.ahead == nil
		if last || p.ahead != nil {
			if err == io.EOF {
				p.stream = ended{}
			}
			return part{at: bytes.NewReader(buffer), size: int64(len(buffer)), last: last, buffer: buffer}, nil
		}
	}
}

// ended is a stream that said its end together with its last byte.
type ended struct{}

func (ended) Read([]byte) (int, error) { return 0, io.EOF }

// buffer is a small one at first, which grows, then full ones: at most inFlight+1.
func (p *parts) buffer() []byte {
	p.made++
	switch {
	case p.made == 1:
		return make([]byte, 0, firstRead)
	case p.made <= inFlight+1:
		return make([]byte, 0, partSize)
	}
	select {
	case b := <-p.free:
		return b[:0]
	default:
		return make([]byte, 0, partSize)
	}
}

// done gives a piece back.
func (p *parts) done(one part) {
	if cap(one.buffer) == partSize {
		select {
		case p.free <- one.buffer:
		default:
		}
	}
}
