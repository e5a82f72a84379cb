package policy_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/event"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// TestStatementsOfKafka: topics of one cluster share the statements about the cluster,
// each of which names both as its reasons.
func TestStatementsOfKafka(t *testing.T) {
	t.Parallel()
	f, main := tier.New("shop").Function("worker"), event.NewCluster("main")
	work := func(context.Context, string) error { return nil }
	tier.On(f, event.NewKafka[string](main, "clicks", "shop.clicks"), work)
	tier.On(f, event.NewKafka[string](main, "orders", "orders", event.ConsumerGroup("g")), work)
	var got []string
	for _, s := range policy.Statements(f) {
		if strings.HasPrefix(s.Actions[0], "logs:") {
			continue
		}
		var because []string
		for _, c := range s.Because {
			because = append(because, c.What)
		}
		effect := ""
		if s.Deny {
			effect = "not "
		}
		got = append(got, effect+s.Actions[0]+" on "+s.Resource+" for "+strings.Join(because, ", ")+" "+s.Cluster)
	}
	const (
		arn  = "arn:${AWS::Partition}:kafka:${AWS::Region}:${AWS::AccountId}:"
		both = " for kafka clicks: Receive, kafka orders: Receive "
	)
	want := []string{
		"ec2:CreateNetworkInterface on *" + both,
		"kafka:GetBootstrapBrokers on *" + both,
		"kafka:DescribeClusterV2 on ${MainCluster}" + both,
		"kafka-cluster:Connect on ${MainCluster}" + both,
		"kafka-cluster:DescribeTopic on " + arn + "topic/${MainClusterName}/${MainClusterUuid}/shop.clicks for kafka clicks: Receive MainCluster",
		"kafka-cluster:AlterGroup on " + arn + "group/${MainClusterName}/${MainClusterUuid}/${AWS::StackName}-clicks for kafka clicks: Receive MainCluster",
		"kafka-cluster:DescribeTopic on " + arn + "topic/${MainClusterName}/${MainClusterUuid}/orders for kafka orders: Receive MainCluster",
		"kafka-cluster:AlterGroup on " + arn + "group/${MainClusterName}/${MainClusterUuid}/g for kafka orders: Receive MainCluster",
		"not ec2:CreateNetworkInterface on *" + both,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("statements (-want +got):\n%s", diff)
	}
	if services, reaches := policy.Services(f), policy.Reaches(f); len(services)+len(reaches) > 0 {
		t.Errorf("the function calls %v and is in the network of %v; want neither", services, reaches)
	}
}
