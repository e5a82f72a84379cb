package event_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/event"
)

// TestKafkaMistakes: what AWS would refuse at the deployment is refused before, with
// the line of the On.
func TestKafkaMistakes(t *testing.T) {
	t.Parallel()
	main := event.NewCluster("main")
	for _, tt := range []struct {
		name   string
		source *event.Kafka[order]
		want   string // "" for none
	}{
		{"a topic", event.NewKafka[order](main, "clicks", "shop.clicks_v2-a"), ""},
		{"all of it", event.NewKafka[order](event.NewCluster("old", event.SCRAM()), "clicks", "clicks", event.ConsumerGroup("shop:clicks*/+=.@-_1")), ""},
		{"the longest", event.NewKafka[order](main, "clicks", strings.Repeat("a", 249), event.ConsumerGroup(strings.Repeat("a", 200))), ""},
		{"no cluster", event.NewKafka[order](nil, "clicks", "clicks"), `the cluster is nil; write event.NewCluster("main")`},
		{"no name of a cluster", event.NewKafka[order](event.NewCluster(""), "clicks", "clicks"), `cluster name "": write a letter`},
		{"no name", event.NewKafka[order](main, "", "clicks"), `kafka name "": write a letter`},
		{"no topic", event.NewKafka[order](main, "clicks", ""), `the topic "": write up to 249 letters`},
		{"a topic with spaces", event.NewKafka[order](main, "clicks", "shop clicks"), `the topic "shop clicks"`},
		{"a long topic", event.NewKafka[order](main, "clicks", strings.Repeat("a", 250)), "write up to 249"},
		{"the folder above", event.NewKafka[order](main, "clicks", ".."), `the topic ".."`},
		{"no group", event.NewKafka[order](main, "clicks", "clicks", event.ConsumerGroup("")), `event.ConsumerGroup(""): write up to 200`},
		{"a group with a name of the template", event.NewKafka[order](main, "clicks", "clicks", event.ConsumerGroup("${AWS::Region}")), "event.ConsumerGroup("},
		{"a nil option", event.NewKafka[order](main, "clicks", "clicks", nil), "an option is nil"},
		{"a nil option of the cluster", event.NewKafka[order](event.NewCluster("main", nil), "clicks", "clicks"), "an option is nil"},
	} {
		app := tier.New("shop")
		tier.On(app.Function("f"), tt.source, work[order])
		err := errors.Join(app.Check()...)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "event/kafka_test.go:")) {
			t.Errorf("%s: Check = %v, want %q and a line of this file", tt.name, err, tt.want)
		}
	}
}

// TestKafkaNeeds: the role of a function may what Lambda reads the topic with, and
// the function has neither a store nor a variable of it.
func TestKafkaNeeds(t *testing.T) {
	t.Parallel()
	needs := func(cluster *event.Cluster, ops ...string) (all []string) {
		for _, n := range event.NewKafka[order](cluster, "clicks", "shop.clicks").Feed().Spec.Needs(ops) {
			if !n.Polled || !slices.IsSorted(n.Actions) {
				t.Errorf("%+v: not polled, or not sorted", n)
			}
			all = append(all, fmt.Sprint(n.Service, " ", n.Actions, " ", n.Resource, " ", n.Conditions))
		}
		return all
	}
	ec2 := "ec2 [CreateNetworkInterface DeleteNetworkInterface DescribeNetworkInterfaces DescribeSecurityGroups DescribeSubnets DescribeVpcs] * []"
	for _, tt := range []struct{ got, want []string }{
		{needs(event.NewCluster("main")), nil},
		{needs(event.NewCluster("main"), datastore.Receive), []string{
			ec2, "kafka [GetBootstrapBrokers] * []", "kafka [DescribeClusterV2] cluster/{name} []",
			"kafka-cluster [Connect DescribeClusterDynamicConfiguration] cluster/{name} []",
			"kafka-cluster [DescribeTopic ReadData] topic/{name}/shop.clicks []",
			"kafka-cluster [AlterGroup DescribeGroup] group/{name}/${AWS::StackName}-clicks []",
		}},
		{needs(event.NewCluster("main", event.SCRAM()), datastore.Receive), []string{
			ec2, "kafka [GetBootstrapBrokers] * []", "kafka [DescribeClusterV2 ListScramSecrets] cluster/{name} []",
			"secretsmanager [GetSecretValue] secret:{secret} []",
			"kms [Decrypt] key/{key} [{StringLike kms:ViaService [secretsmanager.*.amazonaws.com*]}]",
		}},
	} {
		if diff := cmp.Diff(tt.want, tt.got); diff != "" {
			t.Errorf("Needs (-want +got):\n%s", diff)
		}
	}
	f := tier.New("shop").Function("f")
	tier.On(f, event.NewKafka[order](event.NewCluster("main"), "clicks", "clicks"), work[order])
	if len(f.Grants()) != 1 || len(f.Stores()) != 0 {
		t.Errorf("grants %v, stores %v; want one, and none", f.Grants(), f.Stores())
	}
}

// ExampleNewKafka has a function work off a compacted topic of a cluster.
func ExampleNewKafka() {
	app := tier.New("shop")
	main := event.NewCluster("main")
	prices := event.NewKafka[*order](main, "prices", "shop.prices")
	tier.On(app.Function("worker"), prices, func(ctx context.Context, o *order) error {
		if o == nil {
			fmt.Println(datastore.RecordFrom(ctx).Key, "is gone")
		}
		return nil
	}, tier.BatchSize(1000), tier.Parallel(10))
	fmt.Println(app.Check())
	// Output: []
}

// ExampleNewCluster is a cluster that Lambda logs in to with a user and a password.
func ExampleNewCluster() {
	main := event.NewCluster("main", event.SCRAM())
	fmt.Println(event.NewKafka[string](main, "lines", "lines").Feed().Events)
	// Output: [lines]
}
