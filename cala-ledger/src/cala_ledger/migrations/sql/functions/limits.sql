-- Ruled velocity limits: those with a condition, a window, or dates.

create function cala.limit_moves(
  p_ok boolean[], p_fresh boolean[], p_ids uuid[], p_tx_group int8[], p_tx_id uuid[], p_tx_template text[],
  p_tx_effective date[], p_tx_description text[], p_tx_metadata text[], p_tx_external_id text[],
  p_tx_correlation_id text[], p_en_tx int8[], p_en_type text[], p_en_account uuid[], p_en_layer text[],
  p_en_direction text[], p_en_currency text[], p_en_amount int8[], p_en_description text[]
) returns setof cala.limit_move language plpgsql stable as $$
begin
  return;
end $$;
