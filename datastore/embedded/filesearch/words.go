package filesearch

import (
	"unicode"
	"unicode/utf8"
)

// token is a word in lower case, and where it stands in its text.
type token struct {
	word       string
	start, end int
}

// class is what a character is to the boundaries of words.
type class int

const (
	other     class = iota
	letter          // of an alphabet
	digit           // of a number
	katakana        // joins with its like
	ideograph       // a word of its own
	extend          // a mark: belongs to what is before it
	joiner          // "_": joins letters, digits and katakana
	midLetter       // between two letters
	midNumber       // between two digits
	midBoth         // between two letters, or two digits
)

func classOf(c rune) class {
	switch {
	case c == '_' || unicode.Is(unicode.Pc, c):
		return joiner
	case c == '\'' || c == '.' || c == '\u2018' || c == '\u2019' || c == '\u2024' || c == '\ufe52' || c == '\uff07' || c == '\uff0e':
		return midBoth
	case c == ':' || c == '\u00b7' || c == '\u0387' || c == '\u2027' || c == '\ufe13' || c == '\ufe55' || c == '\uff1a':
		return midLetter
	case c == ',' || c == ';' || c == '\u037e' || c == '\u0589' || c == '\u2044' || c == '\ufe10' || c == '\ufe14' || c == '\uff0c' || c == '\uff1b':
		return midNumber
	case unicode.In(c, unicode.Mn, unicode.Me, unicode.Mc, unicode.Cf):
		return extend
	case unicode.In(c, unicode.Han, unicode.Hiragana):
		return ideograph
	case unicode.Is(unicode.Katakana, c) || c == 'ー' || c == 'ｰ':
		return katakana
	case unicode.Is(unicode.Nd, c):
		return digit
	case unicode.In(c, unicode.L, unicode.Nl):
		return letter
	}
	return other
}

// maxWord is how many characters a word has at most. A longer one is cut.
const maxWord = 255

// tokens are the words of a text: what stands between the word boundaries of
// Unicode, if it has a letter or a digit.
//
// See https://unicode.org/reports/tr29/#Word_Boundaries
func tokens(text string) []token {
	var list []token
	for i := 0; i < len(text); {
		c, size := utf8.DecodeRuneInString(text[i:])
		switch k := classOf(c); k {
		case letter, digit, katakana, joiner:
			end, isWord := wordEnd(text, i)
			if isWord {
				list = appendWord(list, text, i, end)
			}
			i = end
		case ideograph:
			end := skipMarks(text, i+size)
			list = append(list, token{text[i:end], i, end})
			i = end
		default:
			i += size
		}
	}
	return list
}

// wordEnd is where the run that begins at start ends, and whether it is a word.
func wordEnd(text string, start int) (end int, isWord bool) {
	c, size := utf8.DecodeRuneInString(text[start:])
	before := classOf(c)
	isWord = before != joiner
	for end = skipMarks(text, start+size); end < len(text); {
		c, size := utf8.DecodeRuneInString(text[end:])
		k, next := classOf(c), skipMarks(text, end+size)
		switch {
		case joins(before, k):
			before, end = k, next
			isWord = isWord || k != joiner
			continue
		case between(before, k, text, next):
			end = next
			continue
		}
		return end, isWord
	}
	return end, isWord
}

func joins(before, next class) bool {
	switch next {
	case letter, digit:
		return before == letter || before == digit || before == joiner
	case katakana:
		return before == katakana || before == joiner
	case joiner:
		return before == letter || before == digit || before == katakana || before == joiner
	}
	return false
}

// between reports whether the mark of class k, after before, stands within a word,
// which goes on at next.
func between(before, k class, text string, next int) bool {
	c, _ := utf8.DecodeRuneInString(text[next:])
	switch {
	case before == letter && (k == midLetter || k == midBoth):
		return classOf(c) == letter
	case before == digit && (k == midNumber || k == midBoth):
		return classOf(c) == digit
	}
	return false
}

func skipMarks(text string, at int) int {
	for at < len(text) {
		c, size := utf8.DecodeRuneInString(text[at:])
		if classOf(c) != extend {
			break
		}
		at += size
	}
	return at
}

// appendWord adds text[start:end], in pieces if it is too long.
func appendWord(list []token, text string, start, end int) []token {
	for at, n := start, 0; at < end; n++ {
		_, size := utf8.DecodeRuneInString(text[at:])
		if n == maxWord {
			list = append(list, token{lower(text[start:at]), start, at})
			start, n = at, 0
		}
		at += size
	}
	return append(list, token{lower(text[start:end]), start, end})
}

// lower is in lower case, letter by letter.
func lower(word string) string {
	b := make([]rune, 0, len(word))
	for _, c := range word {
		b = append(b, unicode.ToLower(c))
	}
	return string(b)
}
