// Package zstd is Zstandard for middleware.Compress and middleware.Decompress. It is a
// package of its own because it adds some 450 KB to a function that uses it, and nothing
// to others.
//
//	middleware.Compress(&middleware.CompressOptions{Encodings: []middleware.Encoding{zstd.Encoding(nil)}})
//
// Everything here is safe for concurrent use.
package zstd

import (
	"io"

	"github.com/klauspost/compress/zstd"

	"github.com/seed-18e8afb5/tierkit/middleware"
)

// Options changes what [Encoding] does. The zero value of each field is its default.
type Options struct {
	// Smaller compresses more and takes longer. Default: about as much as gzip
	// at 5, in less than half of its time.
	Smaller bool
}

// window is the most that browsers take: RFC 9659 says 8 MB. Compressors keep to much
// less, because each has a window in memory.
const (
	readWindow  = 8 << 20
	writeWindow = 256 << 10
)

// Encoding is the content coding "zstd". A compressor has a window of 256 KB; what is
// read can have one of 8 MB, as RFC 9659 says. opts may be nil.
//
// See https://www.rfc-editor.org/rfc/rfc8878 and https://www.rfc-editor.org/rfc/rfc9659
func Encoding(opts *Options) middleware.Encoding {
	level := zstd.SpeedFastest
	if opts != nil && opts.Smaller {
		level = zstd.SpeedDefault
	}
	return middleware.Encoding{
		Name: "zstd",
		NewWriter: func() (middleware.Compressor, error) {
			return zstd.NewWriter(nil, zstd.WithEncoderLevel(level), zstd.WithEncoderConcurrency(1),
				zstd.WithWindowSize(writeWindow), zstd.WithLowerEncoderMem(true))
		},
		NewReader: func(r io.Reader) (io.ReadCloser, error) {
			// Of one goroutine, so that nothing runs on after the invocation.
			d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(readWindow), zstd.WithDecoderLowmem(true))
			if err != nil {
				return nil, err
			}
			return d.IOReadCloser(), nil
		},
	}
}
