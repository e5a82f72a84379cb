package statements

import (
	"iter"
	"strings"
)

// token is a piece of a statement; the texts of all together are the statement.
type token struct {
	kind tokenKind
	text string
}

type tokenKind uint8

const (
	tokenOther  tokenKind = iota
	tokenWord             // a keyword or a name without quotes
	tokenParam            // ":name"
	tokenHidden           // in quotes, or a comment
)

// tokens takes a statement apart.
func tokens(text string) iter.Seq[token] {
	return func(yield func(token) bool) {
		for at := 0; at < len(text); {
			kind, n := next(text[at:])
			if !yield(token{kind, text[at : at+n]}) {
				return
			}
			at += n
		}
	}
}

// words are the keywords and the names of a statement.
func words(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for t := range tokens(text) {
			if t.kind == tokenWord && !yield(t.text) {
				return
			}
		}
	}
}

// next is the kind and the length of the first token; text is not empty.
func next(text string) (tokenKind, int) {
	switch c := text[0]; {
	case c == '\'' || c == '"' || c == '`':
		return tokenHidden, quoted(text, c)
	case strings.HasPrefix(text, "--"):
		return tokenHidden, until(text, 2, "\n")
	case strings.HasPrefix(text, "/*"):
		return tokenHidden, until(text, 2, "*/")
	case strings.HasPrefix(text, "::"):
		return tokenOther, 2
	case c == '$':
		return dollar(text)
	case c == ':':
		if n := wordLen(text[1:]); n > 0 {
			return tokenParam, n + 1
		}
	case isWord(c):
		return tokenWord, wordLen(text)
	}
	return tokenOther, 1
}

// quoted is the length of what is in quotes; a quote within is doubled, so that it
// reads as two that touch.
func quoted(text string, quote byte) int {
	if end := strings.IndexByte(text[1:], quote); end >= 0 {
		return end + 2
	}
	return len(text)
}

// until is the length up to and with end, which is looked for from a place on.
func until(text string, from int, end string) int {
	if at := strings.Index(text[from:], end); at >= 0 {
		return from + at + len(end)
	}
	return len(text)
}

// dollar is text in dollar quotes, $$ or $tag$, or no quote at all.
func dollar(text string) (tokenKind, int) {
	tag := 1 + wordLen(text[1:])
	if tag >= len(text) || text[tag] != '$' {
		return tokenOther, tag
	}
	return tokenHidden, until(text, tag+1, text[:tag+1])
}

func isWord(c byte) bool {
	return c == '_' || c >= 0x80 || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

func wordLen(text string) int {
	n := 0
	for n < len(text) && isWord(text[n]) {
		n++
	}
	return n
}
