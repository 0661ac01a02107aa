// SPDX-License-Identifier: MIT OR Apache-2.0
// Source annotations expand to nothing: the lab runs drivers, it does not analyse their source.
#pragma once
#define _In_
#define _In_opt_
#define _In_z_
#define _In_opt_z_
#define _Inout_
#define _Inout_opt_
#define _Inout_z_
#define _Out_
#define _Out_opt_
#define _Outptr_
#define _Outptr_opt_
#define _Outptr_result_maybenull_
#define _Outptr_opt_result_maybenull_
#define _Outptr_result_z_
#define _Outptr_result_nullonfailure_
#define _Reserved_
#define _Pre_
#define _Post_
#define _Pre_notnull_
#define _Pre_valid_
#define _Post_valid_
#define _Pre_maybenull_
#define _Post_invalid_
#define _Post_ptr_invalid_
#define _Null_
#define _Notnull_
#define _Maybenull_
#define _Check_return_
#define _Must_inspect_result_
#define _Ret_maybenull_
#define _Ret_notnull_
#define _Ret_null_
#define _Ret_z_
#define _Printf_format_string_
#define _Const_
#define _Notliteral_
#define _Literal_
#define _Points_to_data_
#define _Use_decl_annotations_
#define _Success_impl_
#define _NullTerminated_
#define _Null_terminated_
#define _COM_Outptr_
#define _COM_Outptr_opt_
#define _Strict_type_match_
#define _Interlocked_operand_
#define _Pre_defensive_
#define _Post_defensive_
#define _Prepost_z_
#define _Pre_z_
#define _Post_z_
#define _IRQL_requires_same_
#define _IRQL_saves_
#define _IRQL_restores_
#define _IRQL_is_cancel_
#define _Kernel_clear_do_init_
#define _IRQL_uses_cancel_
#define _Must_check_result_impl_
#define __in
#define __in_opt
#define __out
#define __out_opt
#define __inout
#define __inout_opt
#define __deref_out
#define __deref_out_opt
#define __deref_inout
#define __reserved
#define __checkReturn
#define __drv_aliasesMem
#define __drv_freesMem_
#define __drv_in_deref
#define __drv_sameIRQL
#define __drv_when_
#define __bcount_opt_
#define __nullterminated
#define __callback
#define _Kernel_entry_
#define _Frees_ptr_
#define _Frees_ptr_opt_
#define _Enum_is_bitflag_
#define _Field_z_
#define _Flexible_array_
#define _Guarded_by_none_
#define __range_any_
#define _Post_maybez_
#define _Post_notnull_
#define _Valid_
#define _Deref_out_
#define _Maybevalid_
#define _Notvalid_
#define _Acquires_nothing_
#define _In_reads_(a)
#define _In_reads_opt_(a)
#define _In_reads_bytes_(a)
#define _In_reads_bytes_opt_(a)
#define _In_reads_z_(a)
#define _In_reads_or_z_(a)
#define _Inout_updates_(a)
#define _Inout_updates_opt_(a)
#define _Inout_updates_bytes_(a)
#define _Inout_updates_bytes_opt_(a)
#define _Inout_updates_all_(a)
#define _Inout_updates_bytes_all_(a)
#define _Inout_updates_z_(a)
#define _Out_writes_(a)
#define _Out_writes_opt_(a)
#define _Out_writes_bytes_(a)
#define _Out_writes_bytes_opt_(a)
#define _Out_writes_all_(a)
#define _Out_writes_all_opt_(a)
#define _Out_writes_bytes_all_(a)
#define _Out_writes_bytes_all_opt_(a)
#define _Out_writes_z_(a)
#define _Out_writes_opt_z_(a)
#define _Outptr_result_buffer_(a)
#define _Outptr_result_bytebuffer_(a)
#define _Outptr_opt_result_buffer_(a)
#define _Outptr_opt_result_bytebuffer_(a)
#define _Outptr_result_buffer_maybenull_(a)
#define _Outptr_result_bytebuffer_maybenull_(a)
#define _Ret_writes_(a)
#define _Ret_writes_bytes_(a)
#define _Ret_writes_bytes_maybenull_(a)
#define _Ret_writes_maybenull_(a)
#define _Field_size_(a)
#define _Field_size_opt_(a)
#define _Field_size_bytes_(a)
#define _Field_size_bytes_opt_(a)
#define _Field_size_full_(a)
#define _Field_size_bytes_full_(a)
#define _Success_(a)
#define _On_failure_(a)
#define _Always_(a)
#define _Notref_impl_(a)
#define _IRQL_requires_(a)
#define _IRQL_requires_max_(a)
#define _IRQL_requires_min_(a)
#define _IRQL_raises_(a)
#define _IRQL_saves_global_1_(a)
#define _Function_class_(a)
#define _Dispatch_type_(a)
#define _Acquires_lock_(a)
#define _Releases_lock_(a)
#define _Requires_lock_held_(a)
#define _Requires_lock_not_held_(a)
#define _Acquires_exclusive_lock_(a)
#define _Acquires_shared_lock_(a)
#define _Releases_exclusive_lock_(a)
#define _Releases_shared_lock_(a)
#define _Analysis_assume_(a)
#define _Analysis_mode_(a)
#define _Guarded_by_(a)
#define _Write_guarded_by_(a)
#define _Has_lock_level_(a)
#define _Deref_out_range_impl_(a)
#define _Post_satisfies_(a)
#define _Pre_satisfies_(a)
#define _Analysis_noreturn_1_(a)
#define __drv_allocatesMem(a)
#define __drv_freesMem(a)
#define __drv_maxIRQL(a)
#define __drv_minIRQL(a)
#define __drv_requiresIRQL(a)
#define __drv_functionClass(a)
#define __drv_dispatchType(a)
#define __drv_aliases_1_(a)
#define __drv_preferredFunction_1_(a)
#define __in_bcount(a)
#define __in_ecount(a)
#define __in_bcount_opt(a)
#define __in_ecount_opt(a)
#define __out_bcount(a)
#define __out_ecount(a)
#define __out_bcount_opt(a)
#define __out_ecount_opt(a)
#define __inout_bcount(a)
#define __inout_ecount(a)
#define __field_bcount(a)
#define __field_ecount(a)
#define __deref_out_bcount(a)
#define __struct_bcount(a)
#define __success(a)
#define __field_range_1_(a)
#define __drv_strictTypeMatch(a)
#define _At_buffer_1_(a)
#define _Kernel_float_saved_(a)
#define _Kernel_IoGetDmaAdapter_1_(a)
#define _Kernel_releases_resource_(a)
#define _Kernel_acquires_resource_(a)
#define _Kernel_requires_resource_held_(a)
#define _Kernel_requires_resource_not_held_(a)
#define _Post_readable_size_(a)
#define _Post_writable_size_(a)
#define _Post_readable_byte_size_(a)
#define _Post_writable_byte_size_(a)
#define _Pre_readable_size_(a)
#define _Pre_writable_size_(a)
#define _Pre_readable_byte_size_(a)
#define _Pre_writable_byte_size_(a)
#define _Struct_size_bytes_(a)
#define _Null_terminated_n_(a)
#define _In_range_(a, b)
#define _Out_range_(a, b)
#define _Inout_range_(a, b)
#define _Ret_range_(a, b)
#define _Field_range_(a, b)
#define _Deref_in_range_(a, b)
#define _Deref_out_range_(a, b)
#define _When_(a, b)
#define _At_(a, b)
#define _Out_writes_to_(a, b)
#define _Out_writes_to_opt_(a, b)
#define _Out_writes_bytes_to_(a, b)
#define _Out_writes_bytes_to_opt_(a, b)
#define _Inout_updates_to_(a, b)
#define _Inout_updates_bytes_to_(a, b)
#define _Outptr_result_buffer_to_(a, b)
#define _Group_2_(a, b)
#define _IRQL_saves_global_(a, b)
#define _IRQL_restores_global_(a, b)
#define __drv_when(a, b)
#define __drv_at(a, b)
#define __out_range(a, b)
#define __in_range(a, b)
#define __drv_preferredFunction(a, b)
#define __drv_reportError_2_(a, b)
#define _Struct_size_(a, b)
#define _Pre_equal_to_2_(a, b)
#define _Old_2_(a, b)
#define __field_range(a, b)
#define _Group_(...)
#define _Analysis_assume_lock_held_(a)
#define __analysis_assume(a)
#define _Analysis_assume_nullterminated_(a)
#define __annotation(...)
