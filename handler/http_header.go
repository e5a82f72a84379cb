package handler

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

const sniffLen = 512 // what http.DetectContentType reads

func bodyAllowed(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusResetContent && status != http.StatusNotModified
}

// answerHeader is a copy of what an http.Handler has set, under canonical names
// and without what belongs to a connection. trailer is one that was declared.
func answerHeader(h http.Header) (sent http.Header, trailer string) {
	sent = make(http.Header, len(h)+1)
	for key, values := range h {
		name := http.CanonicalHeaderKey(key)
		switch {
		case len(values) == 0: // says "do not add one"
		case name == "Trailer":
			trailer = strings.Join(values, ", ")
		case strings.HasPrefix(key, http.TrailerPrefix):
			trailer = key[len(http.TrailerPrefix):]
		case name == "Transfer-Encoding":
		case single(name):
			if name == key || sent[name] == nil { // the usual spelling wins
				sent[name] = slices.Clone(values[:1])
			}
		default:
			sent[name] = append(sent[name], values...)
		}
	}
	return sent, trailer
}

// single reports whether an answer has this header once.
func single(name string) bool {
	switch name {
	case "Content-Type", "Content-Length", "Content-Encoding", "Location":
		return true
	}
	return false
}

// trailers reports those of [http.TrailerPrefix] too, which are set at the end.
func (w *httpWriter) trailers() error {
	if w.trailer != "" {
		return trailerError(w.trailer)
	}
	for key := range w.header {
		if name, ok := strings.CutPrefix(key, http.TrailerPrefix); ok {
			return trailerError(name)
		}
	}
	return nil
}

func trailerError(name string) error {
	return fmt.Errorf("trailer %s: %w", name, http.ErrNotSupported)
}

// mergeHeader gives dst what a response says. Values replace what was there,
// but lists that several may add to are added to.
func mergeHeader(dst, src http.Header) {
	for key, values := range src {
		name := http.CanonicalHeaderKey(key)
		switch name {
		case "Content-Length", "Transfer-Encoding", "Trailer": // the framing is ours
		case "Set-Cookie", "Vary", "Link", "Server-Timing":
			dst[name] = append(slices.Clip(dst[name]), values...)
		default:
			dst[name] = slices.Clip(values)
		}
	}
}
