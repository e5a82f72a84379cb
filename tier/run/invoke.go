//go:build !lambda.norpc

package run

import (
	"bytes"
	"fmt"
	"io"

	"github.com/seed-18e8afb5/tierkit/handler/lambda"
)

// printAnswer prints what a function answers and a line break. Of a streamed
// answer each piece is printed as it comes, and a line break stands for the
// eight NUL bytes behind its status and headers, which no terminal shows.
func (p *program) printAnswer(answer *lambda.Output) error {
	var w io.Writer = p.stdout
	if answer.ContentType() == lambda.StreamType {
		w = &readable{w: p.stdout}
	}
	if _, err := io.Copy(w, answer); err != nil {
		fmt.Fprintln(p.stdout)
		return fmt.Errorf("the answer was cut off: %w", err)
	}
	fmt.Fprintln(p.stdout)
	return nil
}

// readable puts a line break in the place of the first NUL bytes, up to eight.
type readable struct {
	w    io.Writer
	seen int // NUL bytes
}

func (r *readable) Write(p []byte) (int, error) {
	n := len(p)
	if r.seen == 0 {
		i := bytes.IndexByte(p, 0)
		if i < 0 {
			return r.w.Write(p)
		}
		if _, err := r.w.Write(append(bytes.Clone(p[:i]), '\n')); err != nil {
			return 0, err
		}
		p = p[i:]
	}
	for len(p) > 0 && r.seen < 8 && p[0] == 0 {
		p, r.seen = p[1:], r.seen+1
	}
	if len(p) > 0 {
		r.seen = 8
		if _, err := r.w.Write(p); err != nil {
			return 0, err
		}
	}
	return n, nil
}
