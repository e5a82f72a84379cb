package tabletest

import (
	"encoding/json"
	"net/netip"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// note is the plainest item there is.
type note struct {
	ID   string `table:"id,pk"`
	Text string `json:"text"`
}

// line has a text partition and a number to sort by.
type line struct {
	Order string `table:"order,pk"`
	No    int    `table:"no,sk"`
	Text  string `table:"text"`
}

// event has a number partition and a text to sort by.
type event struct {
	User int    `table:"user,pk"`
	At   string `table:"at,sk"`
	Kind string `table:"kind"`
}

// chunk has bytes for keys.
type chunk struct {
	Blob []byte `table:"blob,pk"`
	Part []byte `table:"part,sk"`
}

// account has a version.
type account struct {
	ID      string `table:"id,pk"`
	Balance int    `table:"balance"`
	Version int64  `table:"version,version"`
}

// older is an account from before it had a version.
type older struct {
	ID      string `table:"id,pk"`
	Balance int    `table:"balance"`
}

type inner struct {
	A string
	B []inner
}

type embedded struct {
	Extra string
}

// everything has a field of each kind that can be stored.
type everything struct {
	ID string `table:"id,pk"`
	embedded
	Text     string
	Int      int64
	Uint     uint64
	Float    float64
	Small    float32
	Yes      bool
	Bytes    []byte
	Array    [3]byte
	Time     time.Time
	Duration time.Duration
	Pointer  *string
	List     []int
	Pair     [2]string
	Pointers []*int
	Map      map[string]int
	ByNumber map[int]string
	Nested   inner
	Addr     netip.Addr
	Number   json.Number
	Texts    []string  `table:",set"`
	Numbers  []int     `table:",set"`
	Blobs    [][]byte  `table:",set"`
	Floats   []float64 `table:",set"`
	Raw      table.Value
	Item     table.Item
	Hidden   string `json:"-"`
	Skipped  string `table:"-"`
}

func full() everything {
	text, one := "pointed at", 1
	number, err := table.Number("-1234567890.123456789012345678901234567")
	if err != nil {
		panic(err) // a constant
	}
	return everything{
		ID: "all", embedded: embedded{Extra: "x"}, Text: "grüße \x00\n\"<&>\u2028😀",
		Int: -1 << 63, Uint: 1<<64 - 1, Float: 1.7976931348623157e+125, Small: 1.1e-20, Yes: true,
		Bytes: []byte{0, 255, 128}, Array: [3]byte{1, 2, 3},
		Time:     time.Date(2024, 2, 29, 23, 59, 59, 120_000_000, time.UTC),
		Duration: -time.Minute, Pointer: &text,
		List: []int{3, 1, 2, 1}, Pair: [2]string{"a", ""}, Pointers: []*int{nil, &one},
		Map: map[string]int{"a": 0, "a.b": 1}, ByNumber: map[int]string{-7: "seven"},
		Nested: inner{A: "a", B: []inner{{A: "b"}, {}}},
		Addr:   netip.MustParseAddr("2001:db8::1"), Number: "12345678901234567890123456789012345678",
		Texts: []string{"a", "b"}, Numbers: []int{-1, 2}, Blobs: [][]byte{{1}, {2}}, Floats: []float64{0.5},
		Raw:    number,
		Item:   table.Item{"n": table.Null(), "b": table.Bool(false), "l": table.List(table.String("")), "m": table.Map(nil)},
		Hidden: "hidden from JSON, and stored",
	}
}
