package table

import (
	"slices"
	"strconv"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Spec says what a table is: its logical name and its primary key. It is
// comparable.
type Spec struct {
	Logical string    // the name in the program: "orders"
	PK      Attribute // the partition key
	SK      Attribute // the sort key; the zero Attribute if there is none
}

// Attribute is the name and the type of a key attribute.
type Attribute struct {
	Name string
	Type Type // S, N or B
}

var _ datastore.Spec = Spec{}

// Kind is "table".
func (s Spec) Kind() string { return "table" }

// Name is the logical name.
func (s Spec) Name() string { return s.Logical }

// HasSK reports whether the table has a sort key.
func (s Spec) HasSK() bool { return s.SK.Name != "" }

// actions of DynamoDB that each operation needs. Create and Put are PutItem with
// and without a condition. None is authorised by another one's action.
//
// See https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
var actions = map[string]string{
	"Get":     "GetItem",
	"GetMany": "BatchGetItem",
	"Create":  "PutItem",
	"Put":     "PutItem",
	"Delete":  "DeleteItem",
	"Query":   "Query",
}

// Needs are the DynamoDB actions of ops on the table itself.
func (s Spec) Needs(ops []string) []datastore.Need {
	var list []string
	for _, op := range ops {
		if a, ok := actions[op]; ok {
			list = append(list, a)
		}
	}
	if len(list) == 0 {
		return nil
	}
	slices.Sort(list)
	return []datastore.Need{{
		Service:  "dynamodb",
		Actions:  slices.Compact(list),
		Resource: "table/{name}",
	}}
}

// KeyOf is the part of item that is its primary key.
func (s Spec) KeyOf(item Item) Item {
	key := Item{s.PK.Name: item[s.PK.Name]}
	if s.HasSK() {
		key[s.SK.Name] = item[s.SK.Name]
	}
	return key
}

// checkKey checks the key attributes of an item or a key.
func (s Spec) checkKey(item Item) error {
	if err := checkKeyValue("partition key", s.PK, item[s.PK.Name], MaxPartitionKeySize); err != nil {
		return err
	}
	if !s.HasSK() {
		return nil
	}
	return checkKeyValue("sort key", s.SK, item[s.SK.Name], MaxSortKeySize)
}

// KeyText tells keys of one table apart: the length keeps the two parts apart.
func (s Spec) KeyText(item Item) string {
	pk := item[s.PK.Name].text
	return strconv.Itoa(len(pk)) + ":" + pk + item[s.SK.Name].text
}
